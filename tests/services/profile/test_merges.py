"""Merging and taking it back, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from libs.events.units import Position
from services.profile.jobs.forgetting import forget_the_rest
from tests.services.house import House

TEN = {"amount": "10.00", "currency": "USD"}
NOBODY = "0d1b4c3e-1111-8222-8333-444455556666"


def day(n: int) -> str:
    return f"2026-03-{n:02d}T09:00:00Z"


async def known(house: House, ref: str, **record: Any) -> str:
    """A customer known to one department."""
    answer = await house.post("/v1/customers/upsert", {"ref": ref, "kind": "external", **record})
    found: str = answer["id"]
    return found


async def merge(house: House, survivor: str, merged: str, **more: Any) -> str:
    answer = await house.post("/v1/merges", {"survivor": survivor, "merged": merged, **more})
    await house.follow()
    found: str = answer["id"]
    return found


async def undo(house: House, merge: str) -> Any:
    answer = await house.post(f"/v1/merges/{merge}/undo", {}, 200)
    await house.follow()
    return answer


async def people(house: House, *ids: str) -> list[set[str]]:
    """Whom each id stands for, as the ids of one person."""
    found = [await house.get(f"/v1/customers/{subject}") for subject in ids]
    return [{person["id"], *person["merged_from"]} for person in found]


async def test_a_merged_id_answers_with_the_survivor_until_that_is_undone(house: House) -> None:
    lan, dung = await known(house, "pos:1", name="Lan", at=day(1)), await known(house, "crm:1", owner="an", at=day(2))
    before = [await house.get(f"/v1/customers/{subject}") for subject in (lan, dung)]
    made = await merge(house, lan, "crm:1")
    person = await house.get(f"/v1/customers/{dung}")
    assert person == await house.get(f"/v1/customers/{lan}")
    assert (person["id"], person["merged_from"], person["name"], person["owner"]) == (lan, [dung], "Lan", "an")
    assert person["refs"] == ["pos:1", "crm:1"]
    assert [c["id"] for c in (await house.get("/v1/customers"))["items"]] == [lan]
    # what is bought meanwhile stays with the id that it was addressed to
    await house.post(f"/v1/customers/{dung}/purchases", {"order": "o", "amount": TEN})
    await house.follow()
    assert (await house.get(f"/v1/customers/{lan}"))["stage"] == "active"
    shown = await undo(house, made)
    assert (shown["state"], shown["survivor"], shown["merged"]) == ("undone", lan, dung)
    after = [await house.get(f"/v1/customers/{subject}") for subject in (lan, dung)]
    bought = {"stage": "active", "stage_since": "2026-03-13T12:00:00Z", "stage_cause": "purchase"}
    assert after == [before[0], before[1] | bought]
    assert len((await house.get("/v1/customers"))["items"]) == 2


async def test_what_cannot_be_merged(house: House) -> None:
    a, b, c = [await known(house, f"pos:{n}") for n in "abc"]
    gone = await known(house, "pos:gone")
    await house.post(f"/v1/customers/{gone}/erasure", {"reason": "request"}, 202)
    await house.refused("/v1/merges", {"survivor": a, "merged": a}, 409, "same_customer")
    await house.refused("/v1/merges", {"survivor": a, "merged": "pos:a"}, 409, "same_customer")
    await house.refused("/v1/merges", {"survivor": a, "merged": NOBODY}, 404, "unknown_customer")
    await house.refused("/v1/merges", {"survivor": "pos:x", "merged": a, "dry_run": True}, 404, "unknown_customer")
    for pair in ({"survivor": a, "merged": gone}, {"survivor": gone, "merged": a}):
        await house.refused("/v1/merges", pair, 409, "erased")
    await merge(house, b, a)
    second = await merge(house, c, b)
    for survivor, merged in ((a, b), (b, a), (a, c), (c, a)):
        await house.refused("/v1/merges", {"survivor": survivor, "merged": merged}, 409, "same_person")
    await undo(house, second)
    await house.refused(f"/v1/merges/{second}/undo", {}, 409, "already_undone")
    await house.refused(f"/v1/merges/{NOBODY}/undo", {}, 404, "unknown_merge")
    for bad, pointer in (
        ({"survivor": a}, "/merged"), ({"survivor": a, "merged": 1}, "/merged"),
        ({"survivor": a, "merged": "nobody"}, "/merged"), ({"survivor": a, "merged": c, "more": 1}, ""),
        ({"survivor": a, "merged": c, "choices": {"name": "mine"}}, "/choices"),
        ({"survivor": a, "merged": c, "choices": {"refs": "merged"}}, "/choices"),
        ({"survivor": a, "merged": c, "at": "2030-01-01T00:00:00Z"}, "/at"),
    ):  # fmt: skip
        await house.refused("/v1/merges", bad, 422, "invalid", pointer)


async def test_a_key_merges_once(house: House) -> None:
    a, b = await known(house, "pos:a"), await known(house, "pos:b")
    first = await house.post("/v1/merges", {"survivor": a, "merged": b}, key="k")
    assert await house.post("/v1/merges", {"survivor": a, "merged": b}, key="k") == first
    await house.post("/v1/merges", {"survivor": b, "merged": a}, 422, key="k")
    undone = await house.post(f"/v1/merges/{first['id']}/undo", {}, 200, key="u")
    assert await house.post(f"/v1/merges/{first['id']}/undo", {}, 200, key="u") == undone


async def test_undoing_needs_no_body(house: House) -> None:
    made = await merge(house, await known(house, "pos:a"), await known(house, "pos:b"))
    assert (await house.http.post(f"/v1/merges/{made}/undo")).status_code == 200


@pytest.mark.parametrize("first", [0, 1])
async def test_chains_come_apart_in_any_order(house: House, first: int) -> None:
    a, b, c = [await known(house, f"pos:{n}") for n in "abc"]
    merges = [await merge(house, b, a), await merge(house, c, b)]
    assert await people(house, a, b, c) == [{a, b, c}] * 3
    assert (await house.get(f"/v1/customers/{a}"))["id"] == c
    await undo(house, merges[first])
    assert await people(house, a, b, c) == ([{a}, {b, c}, {b, c}] if first == 0 else [{a, b}, {a, b}, {c}])
    await undo(house, merges[1 - first])
    assert await people(house, a, b, c) == [{a}, {b}, {c}]


async def test_who_was_merged_into_a_merged_one_stays_with_it(house: House) -> None:
    a, b, c = [await known(house, f"pos:{n}") for n in "abc"]
    upper = await merge(house, c, b)
    await merge(house, b, a)
    assert (await house.get(f"/v1/customers/{a}"))["id"] == c
    await undo(house, upper)
    assert await people(house, a, b, c) == [{a, b}, {a, b}, {c}]


async def test_a_merged_one_takes_its_person_along(house: House) -> None:
    a, b, c = [await known(house, f"pos:{n}") for n in "abc"]
    lower = await merge(house, b, a)
    await merge(house, c, a)
    assert await people(house, a, b, c) == [{a, b, c}] * 3
    await undo(house, lower)
    assert await people(house, a, b, c) == [{a}, {b, c}, {b, c}]


async def test_a_dry_run_shows_field_by_field_what_would_become(house: House) -> None:
    a = await known(house, "pos:a", name="An", owner="lan", source="fair", at=day(1))
    b = await known(house, "pos:b", name="Bình", owner="minh", source="fair", credit_grade="b", at=day(2))
    facts = len(await house.facts())
    body = {"survivor": a, "merged": b, "choices": {"owner": "survivor", "credit_grade": "survivor"}}
    answer = await house.http.post("/v1/merges", json=body | {"dry_run": True})
    assert (answer.status_code, len(await house.facts())) == (200, facts)
    changes = {change.pop("field"): change for change in answer.json()["changes"]}
    assert changes == {
        "name": {"survivor": "An", "merged": "Bình", "becomes": "Bình", "side": "merged"},
        "owner": {"survivor": "lan", "merged": "minh", "becomes": "lan", "side": "survivor"},
        "credit_grade": {"survivor": None, "merged": "b", "becomes": None, "side": "survivor"},
        "refs": {"survivor": ["pos:a"], "merged": ["pos:b"], "becomes": ["pos:a", "pos:b"], "side": None},
    }
    made = await merge(house, a, b, choices=body["choices"])
    person = await house.get(f"/v1/customers/{b}")
    assert {name: person[name] for name in changes} == {name: change["becomes"] for name, change in changes.items()}
    assert (await house.get(f"/v1/merges/{made}"))["choices"] == body["choices"]
    await undo(house, made)
    assert (await house.get(f"/v1/customers/{b}"))["owner"] == "minh"


async def test_a_choice_stands_until_something_newer_is_stated(house: House) -> None:
    a = await known(house, "pos:a", name="An", at=day(5))
    b = await known(house, "pos:b", name="Bình", at=day(1))
    await merge(house, a, b, choices={"name": "merged"}, at=day(6))
    path = f"/v1/customers/{a}"
    assert (await house.get(path))["name"] == "Bình"
    tag = (await house.http.get(path)).headers["etag"]
    stale = await house.http.patch(path, json={"name": "Chi"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412  # it shows more than the one record that had this version
    changed = await house.http.patch(f"/v1/customers/{b}", json={"name": "An"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["name"], changed.json()["merged_from"]) == (200, "An", [b])
    assert (await house.http.get(path)).headers["etag"] == changed.headers["etag"] != tag
    assert (await house.get(path)) == changed.json()


async def test_joined_references_are_merges_that_can_be_undone(house: House) -> None:
    body = {"ref": "pos:a", "refs": ["crm:a"], "name": "An"}
    a = (await house.post("/v1/customers/upsert", body))["id"]
    await house.follow()
    (made,) = (await house.get("/v1/merges", customer=a))["items"]
    assert (made["survivor"], made["state"]) == (a, "merged")
    b = house.platform.identities.of_reference("crm:a")
    told = await house.post("/v1/customers/upsert", {"ref": "crm:a", "owner": "lan"}, 200)
    assert (told["id"], told["merged_from"], told["created"]) == (a, [b], False)
    await house.follow()
    assert await people(house, a, b) == [{a, b}] * 2
    await undo(house, made["id"])
    assert await people(house, a, b) == [{a}, {b}]
    # the same told again, from either side, does not merge them again; somebody who says so does
    await house.post("/v1/customers/upsert", body, 200)
    await house.post("/v1/customers/upsert", {"ref": "crm:a", "refs": ["pos:a"]}, 200)
    await house.follow()
    assert await people(house, a, b) == [{a}, {b}]
    await merge(house, b, a)
    assert await people(house, a, b) == [{a, b}] * 2


async def test_references_of_two_known_persons_make_them_one(house: House) -> None:
    a, b, c, d = [await known(house, f"pos:{n}") for n in "abcd"]
    await merge(house, b, a)
    await merge(house, d, c)
    await house.post("/v1/customers/upsert", {"ref": "pos:c", "refs": ["pos:a"]}, 200)
    await house.follow()
    assert await people(house, a, b, c, d) == [{a, b, c, d}] * 4
    for one, other in ("ab", "da", "bc"):  # they are one already, whichever way round
        await house.post("/v1/customers/upsert", {"ref": f"pos:{one}", "refs": [f"pos:{other}"]}, 200)
    assert [e.type for e in await house.facts()].count("customer.merged") == 3


class Behind:
    """Views that hear of nothing in time."""

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        return False

    async def level(self, within: timedelta) -> int:
        return 1


async def test_who_was_merged_in_just_before_somebody_is_forgotten_is_forgotten_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = [await known(house, f"pos:{n}", name=n) for n in "abc"]
    await house.follow()
    monkeypatch.setattr(house.platform, "progress", Behind())
    for survivor, merged in ((b, a), (c, b)):
        await house.post("/v1/merges", {"survivor": survivor, "merged": merged})
    await house.post(f"/v1/customers/{c}/erasure", {"reason": "request"}, 202)
    for found in (1, 1, 0):
        await house.follow()
        assert await forget_the_rest(house.platform) == found
    for customer in (a, b, c):
        assert (await house.http.get(f"/v1/customers/{customer}")).status_code == 410
    erased = [e for e in await house.facts() if e.type == "customer.erased"]
    assert ({e.subject for e in erased}, {e.data["reason"] for e in erased}) == ({a, b, c}, {"request"})


async def test_merges_are_listed(house: House) -> None:
    a, b, c = [await known(house, f"pos:{n}") for n in "abc"]
    first = await merge(house, a, b)
    second = await merge(house, a, c)
    await undo(house, first)
    listed = (await house.get("/v1/merges"))["items"]
    assert {m["id"]: m["state"] for m in listed} == {first: "undone", second: "merged"}
    assert [m for m in listed if m["id"] == first] == [await house.get(f"/v1/merges/{first}")]
    assert {m["id"] for m in (await house.get("/v1/merges", customer=b))["items"]} == {first}
    assert {m["id"] for m in (await house.get("/v1/merges", customer=c))["items"]} == {first, second}
    assert (await house.http.get("/v1/merges", params={"customer": NOBODY})).status_code == 404
    assert (await house.http.get("/v1/merges", params={"customer": "pos:a"})).status_code == 422
    assert (await house.http.get(f"/v1/merges/{NOBODY}")).status_code == 404
