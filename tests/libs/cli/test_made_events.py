"""Rows as events: the right body, and an id that is the same for the same row, whenever and however it is read."""

from datetime import UTC
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.cli.importing.columns import Columns
from libs.cli.importing.events import Made, Maker
from libs.cli.importing.reading import Row
from libs.cli.sending.verdicts import Verdict
from libs.events.values import Body
from services.care.bodies import AnswersEvent
from services.profile.doors.bodies import Purchase, RecordedBody

PURCHASE = {"customer": "00004", "order": "o-1", "amount": "29.33", "at": "1997-01-01"}


def maker(kind: str, mapped: dict[str, str] | None = None, **more: Any) -> Maker:
    return Maker(kind, Columns(kind, mapped or {}), f"/import/{kind}", zone=UTC, **more)


def event(making: Maker, members: dict[str, Any]) -> dict[str, Any]:
    made = making.make(Row(1, 1, members))
    assert isinstance(made, Made), made
    told: dict[str, Any] = orjson.loads(made.body)
    assert told["id"] == made.id
    return told


def fault(making: Maker, members: dict[str, Any]) -> tuple[str, str]:
    verdict = making.make(Row(1, 1, members))
    assert isinstance(verdict, Verdict)
    assert verdict.bad
    return verdict.faults[0].pointer, verdict.faults[0].code


def takes(body: type[Body], data: dict[str, Any]) -> None:
    """The service's own model takes the data as JSON."""
    body.model_validate_json(orjson.dumps(data))


def test_a_purchase() -> None:
    told = event(maker("purchases", system="cdnow", currency="USD"), PURCHASE)
    assert told["type"] == "careledger.customer.purchased"
    assert (told["subject"], told["time"]) == ("cdnow:00004", "1997-01-01T12:00:00Z")
    assert told["data"] == {"order": "o-1", "amount": {"amount": "29.33", "currency": "USD"}}
    takes(Purchase, told["data"])


def test_a_purchase_in_json_with_its_body_as_it_is() -> None:
    body = {"customer": "pos:1", "order": "o-1", "amount": {"amount": "1.00", "currency": "VND"}}
    assert event(maker("purchases", currency="USD"), body)["data"] == {"order": "o-1", "amount": body["amount"]}
    flat = event(maker("purchases", currency="USD"), {"customer": "pos:1", "order": "o-1", "amount": 12.5})
    assert flat["data"]["amount"] == {"amount": "12.5", "currency": "USD"}


def test_a_customer() -> None:
    row = {
        "customer": "17", "kind": "external", "name": "Đỗ Thị", "email": "a@b.c;d@e.f", "phone": "+84 90 1",
        "paying": "yes",
        "household.size": "4", "birthday": "1990-02-03", "custom.shoe": "38", "landline": "123",
    }  # fmt: skip
    told = event(maker("customers", {"landline": "phones"}, system="pos"), row)
    assert told["subject"] == "pos:17"
    assert "time" not in told
    assert told["data"] == {
        "ref": "pos:17", "kind": "external", "name": "Đỗ Thị", "emails": ["a@b.c", "d@e.f"],
        "phones": ["+84 90 1", "123"],
        "paying": True, "household": {"size": 4}, "birthday": "1990-02-03", "custom": {"shoe": "38"},
    }  # fmt: skip
    takes(RecordedBody, told["data"])


def test_a_customer_named_by_id() -> None:
    known = str(uuid4())
    told = event(maker("customers"), {"ref": known, "name": "A"})
    assert (told["subject"], told["data"]) == (known, {"name": "A"})


def test_an_answer() -> None:
    row = {
        "customer": "pos:1",
        "items.kept": "4",
        "items.kept.expectation": "5",
        "items.kind": "4.5",
        "nps": "9",
        "told_us": "no",
    }
    told = event(maker("answers", survey="s-1"), row)
    assert (told["type"], told["subject"]) == ("careledger.survey.answered", "pos:1")
    assert told["data"] == {
        "items": [{"item": "kept", "perception": 4, "expectation": 5}, {"item": "kind", "perception": 4.5}],
        "nps": 9, "told_us": False, "survey": "s-1",
    }  # fmt: skip
    takes(AnswersEvent, told["data"])


def test_an_anonymous_answer_names_nobody() -> None:
    told = event(maker("answers", survey="s-1"), {"nps": 9})
    assert "subject" not in told
    assert told["data"] == {"nps": 9, "survey": "s-1"}


rows = st.fixed_dictionaries(
    {"customer": st.text(max_size=8), "order": st.text(max_size=8), "amount": st.decimals(0, 9999, places=2).map(str)}
)


@given(rows, rows, st.randoms())
def test_ids_are_the_same_for_the_same_purchase_and_differ_otherwise(
    a: dict[str, str], b: dict[str, str], shuffle: Any
) -> None:
    mixed = list(a.items())
    shuffle.shuffle(mixed)
    one, again, other = (event(maker("purchases", currency="USD"), dict(row))["id"] for row in (a, mixed, b))
    assert one == again
    same = (a["customer"], a["order"]) == (b["customer"], b["order"])
    assert (one == other) is same


def test_an_id_does_not_show_who_it_is_about() -> None:
    told = event(maker("purchases", currency="USD"), PURCHASE | {"customer": "phone:+84901234567"})
    assert len(told["id"]) == 32
    assert not set(told["id"]) - set("0123456789abcdef")


def test_a_customer_who_changed_is_another_event_and_so_is_the_same_at_another_time() -> None:
    row = {"ref": "pos:1", "name": "A"}
    ids = [
        event(maker("customers"), row)["id"],
        event(maker("customers"), row | {"name": "B"})["id"],
        event(maker("customers", at="2026-03-01T12:00:00Z"), row)["id"],
        event(maker("customers", at="2026-03-02T12:00:00Z"), row)["id"],
    ]
    assert len(set(ids)) == 4


def test_two_cards_that_say_the_same_are_two_answers_and_stay_so_when_read_again() -> None:
    def read_file() -> list[str]:
        making = maker("answers", survey="s-1")
        return [event(making, {"nps": 9})["id"] for _ in range(3)]

    assert len(set(read_file())) == 3
    assert read_file() == read_file()
    numbered = maker("answers", survey="s-1")
    assert event(numbered, {"answer": "7", "nps": 9})["id"] == event(numbered, {"answer": "7", "nps": 9})["id"]
    assert "answer" not in event(numbered, {"answer": "7", "nps": 9})["data"]


@pytest.mark.parametrize(
    ("kind", "members", "want"),
    [
        ("purchases", PURCHASE | {"at": "yesterday"}, ("/at", "not_a_moment")),
        ("answers", {"items.kept": "good"}, ("/items/kept/perception", "not_a_number")),
        ("answers", {"items": [], "items.kept": "4"}, ("/items/kept/perception", "told_twice")),
        ("customers", {"ref": "pos:1", "paying": "?"}, ("/paying", "not_a_truth")),
        ("customers", {"ref": "pos:1", "background": "x" * 262_144}, ("", "too_large")),
        ("events", {"type": "careledger.satisfaction.changed"}, ("/type", "unknown_type")),
        ("events", {"type": "careledger.customer.lost", "source": "/x"}, ("/id", "missing")),
    ],
)
def test_what_cannot_be_made_is_told_with_its_pointer(
    kind: str, members: dict[str, Any], want: tuple[str, str]
) -> None:
    assert fault(maker(kind) if kind != "events" else Maker(kind, Columns("events"), ""), members) == want


def test_a_member_nobody_knows_is_left_for_the_service_to_judge() -> None:
    assert event(maker("purchases"), {"customer": "pos:1", "order": "1", "colour": "red"})["data"]["colour"] == "red"


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("customer.purchased", "customers"),
        ("promise.kept", "care"),
        ("survey.answered", "care"),
        ("complaint.spotted", "complaints"),
    ],
)
def test_events_go_in_by_the_door_of_their_type(name: str, door: str) -> None:
    made = Maker("events", Columns("events"), "").make(
        Row(
            1,
            1,
            {
                "specversion": "1.0",
                "id": "1",
                "source": "/x",
                "type": f"careledger.{name}",
                "subject": "pos:1",
                "data": {},
            },
        )
    )
    assert isinstance(made, Made)
    assert (made.door, made.whose) == (door, "pos:1")
