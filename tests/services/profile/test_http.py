"""Profile over HTTP, and by other systems' events through the same doors."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.events.catalogue.care import TouchpointRecorded
from libs.events.catalogue.customers import CustomerClassified
from services.profile.app import SERVICE
from services.profile.domain.decide import CustomerDecider
from tests.services.house import NOW, House, open_house

UNKNOWN = "0d1b4c3e-1111-8222-8333-444455556666"
NAME = "Nguyễn Thị Đỗ"
PERSON: dict[str, Any] = {
    "kind": "external", "stage": "prospect", "name": NAME, "emails": ["do@example.com"], "phones": ["+84 90 123 45 67"],
    "source": "fair",
}  # fmt: skip
TEN = {"amount": "10.00", "currency": "USD"}
WON = {"approach": "call", "by": "lan", "outcome": "came back"}


def day(n: int, hour: int = 9) -> str:
    return f"2026-03-{n:02d}T{hour:02d}:00:00Z"


async def upsert(house: House, ref: str = "pos:1", status: int = 201, **more: Any) -> str:
    answer = await house.post("/v1/customers/upsert", {"ref": ref, **more}, status)
    found: str = answer["id"]
    return found


async def test_a_new_customer_is_read_back_whole(house: House) -> None:
    await house.post("/v1/customers/fields", {"key": "shoe", "type": "number", "label": {"en": "Shoe size"}})
    told = PERSON | {
        "refs": ["pos:1"], "birthday": "1990-04-30", "household": {"size": 4}, "custom": {"shoe": 38.5},
        "special_dates": [{"occasion": "wedding", "on": "2015-06-01"}], "credit_grade": "b", "paying": True,
    }  # fmt: skip
    answer = await house.http.post("/v1/customers", json=told)
    assert answer.status_code == 201
    person = answer.json()
    assert (person["stage"], person["value_class"], person["bare"]) == ("prospect", None, False)
    assert {name: person[name] for name in told} == told
    read = await house.http.get(f"/v1/customers/{person['id']}")
    assert read.json() == person
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'


async def test_a_day_is_not_told_by_the_digits_of_a_unix_time(house: House) -> None:
    told = PERSON | {"birthday": "1609459200"}
    await house.refused("/v1/customers", told, 422, "bad_date", "/birthday")


async def test_without_a_reference_the_id_is_random(house: House) -> None:
    one, other = [(await house.post("/v1/customers", {"kind": "external"}))["id"] for _ in range(2)]
    assert one != other


async def test_internal_customers_are_people_or_departments(house: House) -> None:
    told = {"kind": "internal", "party": "department", "name": "Accounting", "department": "finance", "owner": "lan"}
    desk = await house.post("/v1/customers", told | {"refs": ["hr:acc"], "at": day(1)})
    assert {name: desk[name] for name in told} == told
    assert (desk["stage"], desk["stage_since"], desk["stage_cause"]) == ("active", day(1), None)
    path = f"/v1/customers/{desk['id']}"
    await house.post(f"{path}/loss", {"reason": "moved", "at": day(2)})
    gone = await house.get(path)
    assert (gone["stage"], gone["stage_since"], gone["stage_reason"]) == ("lost", day(2), "moved")
    await house.refused("/v1/customers", told | {"party": "robot"}, 422, "not_allowed", "/party")
    cleared = await house.http.patch(path, json={"party": None}, headers={"If-Match": "*"})
    assert cleared.json()["party"] is None


async def test_the_stages_of_a_customer_with_dates_and_reasons(house: House) -> None:
    customer = await upsert(house, at=day(1))
    path = f"/v1/customers/{customer}"
    await house.post(f"{path}/loss", {"reason": "quality", "at": day(8)})
    await house.post(f"{path}/purchases", {"order": "late", "amount": TEN, "at": day(3)})
    await house.post(f"{path}/purchases", {"order": "o", "amount": TEN, "at": day(9)})  # moves nobody
    await house.post(f"{path}/win-back", WON | {"at": day(10)})
    shown = await house.get(path)
    assert (shown["stage"], shown["stage_since"], shown["stage_cause"], shown["stage_reason"]) == (
        "won_back", day(10), "win_back", None,
    )  # fmt: skip
    stages = (await house.get(f"{path}/stages"))["items"]
    assert [(s["stage"], s["since"], s["until"], s["cause"], s["reason"], s["outcome"]) for s in stages] == [
        ("prospect", day(1), day(3), None, None, None), ("active", day(3), day(8), "purchase", None, None),
        ("lost", day(8), day(10), "loss", "quality", None), ("won_back", day(10), None, "win_back", None, "came back"),
    ]  # fmt: skip
    assert [s["customer"] for s in stages] == [None, customer, customer, customer]
    assert [s["stage"] for s in (await house.get(f"{path}/stages", as_of=day(9)))["items"]] == [
        "prospect", "active", "lost",
    ]  # fmt: skip
    before = await house.get(path, as_of=day(9))
    assert (before["stage"], before["stage_since"], before["stage_reason"]) == ("lost", day(8), "quality")


async def test_the_stages_of_a_person_are_told_under_all_ids(house: House) -> None:
    one, other = [await upsert(house, ref, at=day(1)) for ref in ("pos:1", "crm:1")]
    await house.post(f"/v1/customers/{one}/purchases", {"order": "o", "amount": TEN, "at": day(2)})
    await house.post(f"/v1/customers/{other}/loss", {"reason": "moved", "at": day(3)})
    await house.post("/v1/merges", {"survivor": one, "merged": other})
    await house.follow()
    stages = (await house.get(f"/v1/customers/{one}/stages"))["items"]
    assert [(s["stage"], s["customer"]) for s in stages] == [("prospect", None), ("active", one), ("lost", other)]


async def test_a_repeated_customer_is_already_there(house: House) -> None:
    told = PERSON | {"refs": ["pos:1"]}
    first = await house.post("/v1/customers", told)
    assert await house.post("/v1/customers", told, 200) == first
    problem = await house.refused("/v1/customers", told | {"name": "Lan"}, 409, "customer_exists")
    assert problem["id"] == first["id"]
    assert "Lan" not in str(problem)


async def test_upsert_creates_then_changes_only_what_is_present(house: House) -> None:
    first = await house.post("/v1/customers/upsert", PERSON | {"ref": "pos:1", "at": day(1)})
    assert first["created"] is True
    assert first["refs"] == ["pos:1"]
    second = await house.post("/v1/customers/upsert", {"ref": "pos:1", "owner": "lan"}, 200)
    assert (second["created"], second["id"], second["owner"], second["name"]) == (False, first["id"], "lan", NAME)
    same = await house.post("/v1/customers/upsert", {"ref": "pos:1", "owner": "lan"}, 200)
    assert same == second
    assert [e.type for e in await house.facts()] == ["customer.recorded", "customer.updated"]


async def test_idempotency_keys_give_the_first_answer_again(house: House) -> None:
    told = PERSON | {"ref": "pos:1"}
    first = await house.post("/v1/customers/upsert", told, key="k")
    await house.post(f"/v1/customers/{first['id']}/purchases", {"order": "o", "amount": TEN}, key="p")
    assert await house.post("/v1/customers/upsert", told, key="k") == first
    await house.post(f"/v1/customers/{first['id']}/purchases", {"order": "o2", "amount": TEN}, 422, key="p")


async def test_further_references_are_the_same_person(house: House) -> None:
    person = await house.post("/v1/customers", PERSON | {"refs": ["pos:1", "crm:2"]})
    await house.follow()
    other = house.platform.identities.of_reference("crm:2")
    merged = await house.get(f"/v1/customers/{other}")
    assert merged["id"] == person["id"]
    assert merged["merged_from"] == [other]
    await house.post(f"/v1/customers/{other}/purchases", {"order": "o", "amount": TEN})
    await house.follow()
    assert (await house.get(f"/v1/customers/{person['id']}"))["stage"] == "active"
    (listed,) = (await house.get("/v1/customers", stage="active"))["items"]
    assert (listed["id"], listed["name"]) == (person["id"], NAME)
    # told the other way round, or again, nothing changes
    await upsert(house, "pos:1", 200, refs=["crm:2"])
    again = await house.post("/v1/customers/upsert", {"ref": "crm:2", "refs": ["pos:1"]}, 200)
    await house.follow()
    assert (again["id"], again["created"]) == (person["id"], False)
    assert len((await house.get("/v1/customers"))["items"]) == 1


async def test_patch_needs_the_version_that_was_read(house: House) -> None:
    path = f"/v1/customers/{await upsert(house, **PERSON)}"
    assert (await house.http.patch(path, json={"owner": "lan"})).status_code == 428
    tag = (await house.http.get(path)).headers["etag"]
    changed = await house.http.patch(path, json={"owner": "lan", "source": None}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert (changed.json()["owner"], changed.json()["source"]) == ("lan", None)
    assert changed.headers["etag"] == (await house.http.get(path)).headers["etag"] != tag
    assert changed.headers["event-position"]
    stale = await house.http.patch(path, json={"owner": "minh"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert {name: stale.json()[name] for name in ("current", "expected", "sent")} == {
        "current": 2, "expected": 2, "sent": 1,
    }  # fmt: skip
    refused: list[dict[str, Any]] = [{"kind": None}, {"surprise": 1}, {"refs": []}]
    for bad in refused:
        answer = await house.http.patch(path, json=bad, headers={"If-Match": "*"})
        assert answer.status_code == 422, bad
    unknown = await house.http.patch(f"/v1/customers/{UNKNOWN}", json={}, headers={"If-Match": "*"})
    assert unknown.status_code == 404


async def test_patching_a_merged_id_changes_the_surviving_record(house: House) -> None:
    person = await house.post("/v1/customers", PERSON | {"refs": ["pos:1", "crm:2"]})
    path = f"/v1/customers/{house.platform.identities.of_reference('crm:2')}"
    tag = (await house.http.get(path)).headers["etag"]
    answer = await house.http.patch(path, json={"owner": "lan"}, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert (await house.get(f"/v1/customers/{person['id']}"))["owner"] == "lan"


async def test_a_name_of_blanks_is_no_name(house: House) -> None:
    await house.refused("/v1/customers", {"kind": "external", "name": " \u3000"}, 422, "blank", "/name")


async def test_purchases_refunds_and_acquisition(house: House) -> None:
    path = f"/v1/customers/{await upsert(house, **PERSON)}"
    before = (await house.http.get(path)).headers["etag"]
    await house.post(f"{path}/acquisition", {"channel": "shop", "cost": TEN, "at": day(1)})
    assert (await house.http.get(path)).headers["etag"] != before, "the record shows it"
    await house.post(f"{path}/acquisition", {"channel": "shop", "cost": TEN}, 200)
    assert (await house.get(path))["acquisition"] == {"channel": "shop", "cost": TEN, "at": day(1)}
    await house.refused(f"{path}/purchases", {"order": "r", "amount": TEN, "refund_of": "o1"}, 409, "not_yet")
    first = await house.http.post(f"{path}/purchases", json={"order": "o1", "amount": TEN})
    assert (first.status_code, first.json()["stage"]) == (201, "active")
    await house.post(f"{path}/purchases", {"order": "o2", "amount": TEN})
    again = await house.http.post(f"{path}/purchases", json={"order": "o1", "amount": TEN})
    assert again.status_code == 200
    assert again.headers["event-position"] == first.headers["event-position"]
    await house.post(f"{path}/purchases", {"order": "r", "amount": TEN, "refund_of": "o1"})
    await house.refused(f"{path}/purchases", {"order": "x", "amount": TEN, "refund_of": "x"}, 422, "own_refund")


async def test_loss_and_win_back(house: House) -> None:
    path = f"/v1/customers/{await upsert(house, **PERSON)}"
    problem = await house.refused(f"{path}/win-back", WON, 409, "out_of_order")
    assert (problem["state"], problem["possible"]) == ("prospect", ["loss"])
    assert (await house.post(f"{path}/loss", {"reason": "moved", "at": day(14 - 2)}))["stage"] == "lost"
    problem = await house.refused(f"{path}/loss", {"reason": "moved"}, 409, "out_of_order")
    assert problem["possible"] == ["win-back"]
    assert (await house.post(f"{path}/win-back", WON))["stage"] == "won_back"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("purchases", {"order": "o", "amount": TEN}),
        ("acquisition", {"channel": "shop"}),
        ("loss", {"reason": "moved"}),
        ("win-back", WON),
        ("erasure", {"reason": "request"}),
    ],
)
async def test_a_path_needs_a_known_customer(house: House, path: str, body: dict[str, Any]) -> None:
    await house.refused(f"/v1/customers/{UNKNOWN}/{path}", body, 404, "unknown_customer")
    assert await house.facts() == []


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "required", "/kind"),
        ({"kind": "alien"}, "not_allowed", "/kind"),
        ({"kind": "external", "stage": "lost"}, "not_allowed", "/stage"),
        ({"kind": "external", "secret": 1}, "unknown_member", ""),
        ({"kind": "external", "emails": [""]}, "too_short", "/emails/0"),
        ({"kind": "external", "phones": ["1" * 41]}, "too_long", "/phones/0"),
        ({"kind": "external", "refs": ["nobody"]}, "bad_reference", "/refs/0"),
        ({"kind": "external", "birthday": "30.4.1990"}, "bad_date", "/birthday"),
        ({"kind": "external", "household": {"size": 0}}, "out_of_range", "/household/size"),
        ({"kind": "external", "custom": {"a": "x" * 20_000}}, "too_long", "/custom"),
        ({"kind": "external", "paying": "yes"}, "wrong_type", "/paying"),
        ({"kind": "external", "at": "2026-03-13T12:06:00Z"}, "in_future", "/at"),
    ],
)
async def test_bad_bodies(house: House, body: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused("/v1/customers", body, 422, code, pointer)


async def test_money_is_strict(house: House) -> None:
    path = f"/v1/customers/{await upsert(house)}/purchases"
    for amount, currency in (("-1", "USD"), ("1", "usd"), ("NaN", "USD")):
        bad = {"order": "o", "amount": {"amount": amount, "currency": currency}}
        assert (await house.http.post(path, json=bad)).status_code == 422


async def test_lists_filter_and_page(house: House) -> None:
    ids = []
    for n in range(5):
        ids.append(await upsert(house, f"pos:{n}", kind="external", owner="lan" if n % 2 else "minh"))
        house.clock.advance(NOW - NOW.replace(hour=11))
    await house.post(f"/v1/customers/{ids[0]}/purchases", {"order": "o", "amount": TEN})
    await house.follow()
    everybody = await house.get("/v1/customers")
    assert [c["id"] for c in everybody["items"]] == ids
    assert everybody["next_cursor"] is None
    assert [c["id"] for c in (await house.get("/v1/customers", owner="lan"))["items"]] == [ids[1], ids[3]]
    assert [c["id"] for c in (await house.get("/v1/customers", stage="active"))["items"]] == [ids[0]]
    first = await house.get("/v1/customers", limit=2)
    second = await house.get("/v1/customers", limit=2, cursor=first["next_cursor"])
    assert [c["id"] for c in first["items"] + second["items"]] == ids[:4]
    assert (await house.http.get("/v1/customers?stage=gone")).status_code == 422


async def test_read_your_writes(house: House) -> None:
    answer = await house.http.post("/v1/customers/upsert", json={"ref": "pos:1"})
    listed = await house.get("/v1/customers", after=answer.headers["event-position"])
    assert [c["id"] for c in listed["items"]] == [answer.json()["id"]]
    assert (await house.http.get("/v1/customers?after=nonsense!")).status_code == 422


async def test_classes_are_learned_from_runs(house: House) -> None:
    customer = await upsert(house)
    await house.follow()
    (event,) = await house.facts()
    told = CustomerClassified(value_class="A")
    await house.fold([
        type(event)(**{
            **{name: getattr(event, name) for name in event.__slots__},
            "id": "e2", "type": "customer.classified", "sequence": 2, "data": told.model_dump(mode="json"),
        })
    ])  # fmt: skip
    (listed,) = (await house.get("/v1/customers", value_class="A"))["items"]
    assert listed["id"] == customer


async def test_erasure_forgets_every_id_of_the_person(house: House) -> None:
    person = await house.post("/v1/customers", PERSON | {"refs": ["pos:1", "crm:2"]})
    kept = await upsert(house, "pos:9")
    await house.follow()
    path = f"/v1/customers/{person['id']}"
    await house.post(f"{path}/erasure", {"reason": "they asked for it by phone"}, 202)
    await house.post(f"{path}/erasure", {"reason": "request"}, 202)
    other = house.platform.identities.of_reference("crm:2")
    for subject in (person["id"], other):
        assert (await house.http.get(f"/v1/customers/{subject}")).status_code == 410
    await house.post(f"{path}/purchases", {"order": "o", "amount": TEN}, 410)
    await house.follow()
    assert [c["id"] for c in (await house.get("/v1/customers"))["items"]] == [kept]
    erased = [e for e in await house.facts() if e.type == "customer.erased"]
    assert {e.subject for e in erased} == {person["id"], other}
    assert {e.data["reason"] for e in erased} == {"other"}
    history = await house.platform.store.history(person["id"])
    assert history[0].data["name"] is None


async def test_who_was_erased_and_comes_back_starts_anew(house: House) -> None:
    first = await upsert(house, "pos:1", name=NAME)
    await house.post(f"/v1/customers/{first}/erasure", {"reason": "request"}, 202)
    house.clock.advance(NOW - NOW.replace(hour=11))
    second = await upsert(house, "pos:1", name="Lan")
    assert second != first
    (item,) = (await house.post_read("/v1/customers/resolve", {"customers": ["pos:1"]}))["items"]
    assert (item["id"], item["name"]) == (second, "Lan")


async def test_resolve_answers_in_order(house: House) -> None:
    person = await house.post("/v1/customers", PERSON | {"refs": ["pos:1", "crm:2"]})
    await house.follow()
    asked = ["crm:2", person["id"], "pos:404", "nonsense", "pos:1"]
    items = (await house.post_read("/v1/customers/resolve", {"customers": asked}))["items"]
    assert [i["asked"] for i in items] == asked
    assert [i.get("id") for i in items] == [person["id"], person["id"], None, None, person["id"]]
    assert [i["problem"]["status"] for i in items if "problem" in i] == [404, 422]


async def test_whoever_is_heard_of_elsewhere_gets_a_bare_record(house: House) -> None:
    touch = TouchpointRecorded(touchpoint="t1", staff="lan", channel="phone")
    await house.hear(UNKNOWN, touch, "care")
    await house.hear(UNKNOWN, touch, "care")
    await house.hear("anonymous:1", touch, "care")
    (fact,) = await house.facts()
    assert (fact.type, fact.data["bare"], bool(fact.cause)) == ("customer.recorded", True, True)
    await house.follow()
    (listed,) = (await house.get("/v1/customers"))["items"]
    assert (listed["id"], listed["kind"], listed["stage"], listed["bare"]) == (UNKNOWN, "external", "prospect", True)


def everything_kept(folder: Path) -> bytes:
    """The database's files, with what is still in its log."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("profile.db*")))


async def test_personal_data_leaves_only_sealed(house: House) -> None:
    await house.post("/v1/customers/fields", {"key": "a", "type": "text", "label": {"en": "A"}})
    customer = await upsert(house, "pos:till-4711", name=NAME, emails=["do@example.com"], custom={"a": "zebra"})
    path = f"/v1/customers/{customer}"
    await house.post(f"{path}/loss", {"reason": "moved"})
    await house.post(f"{path}/win-back", WON)
    await house.follow()
    text = b"".join(orjson.dumps(e.structured()) for e in await house.facts())
    for secret in (NAME.encode(), b"example.com", b"till-4711", b"zebra", b"came back"):
        assert secret not in text
    kept = everything_kept(house.platform.settings.data_dir)
    assert b"customer.won_back" in kept
    for secret in (NAME.encode(), b"example.com", b"till-4711", b"zebra", b"came back"):
        assert secret not in kept


EVENTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("customer.recorded", PERSON | {"ref": "pos:5"}, "", day(1)),
    ("customer.acquired", {"channel": "shop"}, "pos:5", day(2)),
    ("customer.purchased", {"order": "o1", "amount": TEN}, "pos:5", day(3)),
    ("customer.purchased", {"order": "o2", "amount": TEN, "customer": "pos:5"}, "", day(4)),
    ("customer.purchased", {"order": "r1", "amount": TEN, "refund_of": "o1"}, "pos:5", day(5)),
    ("customer.lost", {"reason": "moved"}, "pos:5", day(6)),
    ("customer.won_back", WON, "pos:5", day(7)),
    ("customer.lost", {"reason": "quality"}, "pos:5", day(8)),
    ("customer.won_back", WON, "pos:5", day(9)),
]


async def test_events_in_any_order_come_to_the_same(tmp_path: Path) -> None:
    orders = [list(EVENTS), list(reversed(EVENTS))]
    orders += [random.Random(n).sample(EVENTS, len(EVENTS)) for n in range(8)]
    told = []
    for n, order in enumerate(orders):
        folder = tmp_path / str(n)
        folder.mkdir()
        async with open_house(SERVICE, folder) as house:
            await house.publish_all(order)
            await house.follow()
            (listed,) = (await house.get("/v1/customers"))["items"]
            business = sorted((e.type, e.time) for e in await house.facts() if not e.data.get("bare"))
            told.append((listed, business))
    assert told[0][0]["stage"] == "won_back"
    assert told[0][0]["name"] == NAME
    for one, other in itertools.pairwise(told):
        assert one == other


def test_the_decider_is_stateless() -> None:
    assert CustomerDecider().initial() == CustomerDecider().initial()


async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await house.publish_all(reversed(EVENTS))
        await upsert(house, "pos:5", 200, refs=["crm:2"])
        await house.follow()
        (listed,) = (await house.get("/v1/customers", stage="won_back", source="fair", limit=1))["items"]
        assert listed["merged_from"] == [house.platform.identities.of_reference("crm:2")]
        await house.post(f"/v1/customers/{listed['id']}/erasure", {"reason": "request"}, 202)
        await house.follow()
        assert (await house.get("/v1/customers"))["items"] == []
