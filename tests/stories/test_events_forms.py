"""The forms in which events come by HTTP, their limits, and what is no event."""

from __future__ import annotations

import json

import pytest

from tests.stories.posting import bought, post, results
from tests.stories.publisher import STRUCTURED, event
from tests.stories.teller import Json, Teller, day, item, money, rated


def test_limits_of_events(say: Teller) -> None:
    thousand = [bought(say, f"o{n}") for n in range(1000)]
    assert {r["status"] for r in results(post(say, "customers", thousand))} == {"appended"}
    say.refused(post(say, "customers", [*thousand, thousand[0]]), 422)
    large = bought(say, "large")
    large["data"]["padding"] = "x" * 256 * 1024
    answer = post(say, "customers", large)
    say.refused(answer, 413, "event_too_large")
    mixed = results(post(say, "customers", [bought(say, "a"), large, bought(say, "b")]))
    assert [r["status"] for r in mixed] == ["appended", "invalid", "appended"]
    assert mixed[1]["problem"]["code"] == "event_too_large"
    assert results(post(say, "customers", [])) == []


def test_every_type_that_is_heard_and_its_body(say: Teller) -> None:
    """An inbound event's data is the body of the call that does the same; a body that is not is told by member."""
    for topic, names in {
        "customers": (
            "customer.recorded",
            "customer.updated",
            "customer.acquired",
            "customer.purchased",
            "customer.lost",
            "customer.won_back",
            "customer.consented",
        ),
        "care": ("care.delivered", "touchpoint.recorded", "promise.kept", "survey.answered", "survey.published"),
        "complaints": tuple(
            f"complaint.{step}"
            for step in (
                "spotted",
                "acknowledged",
                "assigned",
                "escalated",
                "corrected",
                "reported",
                "reopened",
                "withdrawn",
            )
        ),
    }.items():
        for n, name in enumerate(names):
            one = event(f"{say.tag} {n}", name, say.ref(), day(1), {"nonsense-4711": 1})
            told = results(post(say, topic, one))[0]
            assert told["status"] == "invalid", name
            codes = {p["code"] for p in told["problem"]["invalid_params"]}
            assert "unknown_member" in codes, name
            assert "nonsense" not in str(told)
            schema = say.get(f"/v1/schemas/events/careledger.{name}/1")
            assert schema["type"] == "object", name


def test_answers_and_kept_promises_come_as_events_too(tell: Teller) -> None:
    cid, survey = tell.customer(), tell.survey()
    contact = {
        "customer": cid,
        "staff": "lan",
        "channel": "phone",
        "promises": [{"what": "x", "due": day(4), "owner": "lan"}],
    }
    promise = tell.post("/v1/touchpoints", {**contact, "at": day(3)}).json()["promises"][0]["id"]
    events = [
        event(
            f"{tell.tag} 1", "survey.answered", tell.ref(), day(2), {"survey": survey, "items": [rated("kept", 3, 5)]}
        ),
        event(f"{tell.tag} 2", "promise.kept", tell.ref(), day(3, 12), {"promise": promise}),
    ]
    found = results(post(tell, "care", events))
    assert [r["status"] for r in found] == ["appended", "appended"]
    assert tell.get(f"/v1/promises/{promise}")["late"] is False
    assert tell.score(cid, after=found[1]["position"])["satisfaction"]["overall"]["gap"] == pytest.approx(-50)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/cloudevents+avro", ""])
def test_other_content_types(say: Teller, kind: str) -> None:
    answer = post(say, "customers", bought(say, "o"), headers={"Content-Type": kind})
    say.refused(answer, 415)


def test_a_result_tells_the_id_of_what_was_made_again_when_sent_again(say: Teller) -> None:
    ref, desk, made = say.ref(), f"desk:{say.tag}", dict[str, str]()
    items = [item("kept", "reliability")]
    form = {"name": "told", "dimension_set": "rater", "asks": ["perception"], "items": items}
    spot = {"ref": desk, "summary": "x", "severity": "minor", "spotted_by": {"role": "system"}}

    def tell(topic: str, name: str, data: Json) -> str:
        one = event(f"{say.tag} {name}", name, ref, day(1), data)
        (first,), (again,) = results(post(say, topic, one)), results(post(say, topic, one))
        assert (first["status"], again["status"]) == ("appended", "already")
        assert again["id"] == first["id"]
        made[name] = first["id"]
        return made[name]

    customer = tell("customers", "customer.recorded", {"ref": ref, "kind": "external", "refs": [f"{ref}b"]})
    assert tell("customers", "customer.updated", {"owner": "lan"}) == customer
    found = say.get(f"/v1/customers/{customer}")
    assert (found["owner"], found["refs"]) == ("lan", [ref, f"{ref}b"])
    say.get(f"/v1/deliveries/{tell('care', 'care.delivered', {'programme': 'welcome'})}")
    promised = [{"what": "call", "due": day(9), "owner": "lan"}]
    tell("care", "touchpoint.recorded", {"staff": "lan", "channel": "phone", "promises": promised})
    say.get(f"/v1/touchpoints/{made['touchpoint.recorded']}")
    survey = tell("care", "survey.published", form)
    answer = tell("care", "survey.answered", {"survey": survey, "items": [rated("kept", 4)]})
    say.get(f"/v1/surveys/{survey}/answers/{answer}")
    complaint = tell("complaints", "complaint.spotted", spot)
    assert tell("complaints", "complaint.corrected", {"complaint": desk, "action": "x", "agreed": True, "by": "m"})
    assert made["complaint.corrected"] == complaint
    assert say.get(f"/v1/complaints/{complaint}")["state"] == "corrected"


def test_binary_mode_and_plain_json(say: Teller) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": say.tag,
        "ce-source": "/desk",
        "ce-type": "careledger.customer.purchased",
        "ce-subject": say.ref(),
        "ce-time": day(1),
        "Content-Type": "application/json",
    }
    body = {"order": "o", "amount": money("1.00")}
    answer = say.call("POST", "/v1/events/customers", content=json.dumps(body), headers=headers)
    assert [r["status"] for r in results(answer)] == ["appended"]
    answer = say.call("POST", "/v1/events/customers", bought(say, "p"))
    assert [r["status"] for r in results(answer)] == ["appended"]


def test_bodies_that_are_no_events(say: Teller) -> None:
    for raw in (b"", b"{", b"[" * 5000, b"\xff"):
        answer = say.call("POST", "/v1/events/care", content=raw, headers={"Content-Type": STRUCTURED})
        say.refused(answer, 400, "malformed_json")
    for raw in (
        b"null",
        b"17",
        b'"x"',
        b'{"specversion": "1.0", "specversion": "1.0"}',
        b'{"id": "a\\u0000"}',
        b'{"id": "\\ud800"}',
        b'{"x": NaN}',
        b'{"x": 1e999}',
    ):
        answer = say.call("POST", "/v1/events/care", content=raw, headers={"Content-Type": STRUCTURED})
        say.refused(answer, 422)
    for odd in (
        {"data": 7},
        {"source": "a b"},
        {"id": ""},
        {"id": 7},
        {"time": "yesterday"},
        {"subject": ""},
        {"type": "purchased"},
        {"data": None},
        {"datacontenttype": "text/xml"},
        {"subject": "nobody"},
        {"id": "x" * 10_000},
        {"time": 17},
    ):
        told = results(post(say, "customers", {**bought(say, "o"), **odd}))
        assert told[0]["status"] == "invalid", odd
