"""Merges, their undoing and erasures told by other systems: the rules of HTTP, in any order, as often as it takes."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.desk import Asked
from libs.events.doors import EVENT, Caller
from services.profile.jobs.forgetting import forget_the_rest
from tests.services.house import House


async def tell(house: House, kind: str, data: dict[str, Any], subject: str = "", id: str = "") -> tuple[str, str]:
    """What becomes of an event: its status, and the code of a refusal."""
    door = next(d for d in house.definition.doors if d.event == f"customer.{kind}")
    said = door.body.model_validate(data, strict=False)
    caller = Caller(EVENT, f"/crm {id or f'{kind} {data} {subject}'}")
    outcome = await house.platform.desk.perform(Asked(door, said, caller, subject))
    await house.follow()
    last = outcome.refusal or outcome.verdicts[-1]
    return last.status, last.refusal.code if last.refusal else ""


async def known(house: House, ref: str, **record: Any) -> str:
    made = await house.http.post("/v1/customers/upsert", json={"ref": ref, "kind": "external", **record})
    return str(made.json()["id"])


async def merge_of(house: House, customer: str) -> str:
    await house.follow()
    return str((await house.get("/v1/merges", customer=customer))["items"][-1]["id"])


async def test_a_merge_and_its_undoing(house: House) -> None:
    one, other = await known(house, "pos:1", name="An"), await known(house, "web:1")
    edge = {"survivor": "pos:1", "merged": other}
    assert await tell(house, "merged", edge) == ("appended", "")
    assert await tell(house, "merged", edge) == ("already", ""), "delivered once more"
    assert await tell(house, "merged", edge, id="another") == ("conflict", "same_person")
    shown = await house.get(f"/v1/customers/{other}")
    assert (shown["id"], shown["name"], shown["merged_from"]) == (one, "An", [other])
    merge = await merge_of(house, one)
    assert await tell(house, "unmerged", {"merge": merge}) == ("appended", "")
    assert await tell(house, "unmerged", {"merge": merge}) == ("already", "")
    assert await tell(house, "unmerged", {"merge": merge}, id="another") == ("conflict", "already_undone")
    assert await tell(house, "merged", edge) == ("already", ""), "an old delivery does not merge them anew"
    assert (await house.get(f"/v1/customers/{other}"))["id"] == other


async def test_an_undoing_waits_for_its_merge(house: House) -> None:
    assert await tell(house, "unmerged", {"merge": "1"}) == ("parked", "unknown_merge")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"survivor": "pos:1", "merged": "pos:1"}, ("conflict", "same_customer")),
        ({"survivor": "pos:1", "merged": "pos:gone"}, ("conflict", "erased")),
        ({"survivor": "pos:gone", "merged": "pos:1"}, ("conflict", "erased")),
        ({"survivor": "pos:1", "merged": "pos:2", "dry_run": True}, ("invalid", "not_allowed")),
    ],
)
async def test_what_is_against_the_rules(house: House, data: dict[str, Any], told: tuple[str, str]) -> None:
    await known(house, "pos:1")
    await house.post(f"/v1/customers/{await known(house, 'pos:gone')}/erasure", {"reason": "request"}, 202)
    assert await tell(house, "merged", data) == told


async def test_a_ring_and_a_subject_of_somebody_else(house: House) -> None:
    ids = [await known(house, f"pos:{n}") for n in range(3)]
    assert await tell(house, "merged", {"survivor": ids[0], "merged": ids[1]}, ids[1]) == ("appended", "")
    assert await tell(house, "merged", {"survivor": ids[1], "merged": ids[2]}, ids[1]) == ("appended", "")
    assert await tell(house, "merged", {"survivor": ids[2], "merged": ids[0]}) == ("conflict", "same_person")
    told = await tell(house, "merged", {"survivor": "a:1", "merged": "a:2"}, ids[0])
    assert told == ("invalid", "other_customer")


async def test_who_is_merged_before_anything_else_is_heard_has_a_bare_record(house: House) -> None:
    assert await tell(house, "merged", {"survivor": "pos:1", "merged": "web:1"}) == ("appended", "")
    found = await house.post_read("/v1/customers/resolve", {"customers": ["pos:1", "web:1"]})
    one, other = found["items"]
    assert one["id"] == other["id"]
    assert (one["bare"], len(one["merged_from"])) == (True, 1)
    await known(house, "web:1", name="An")
    assert (await house.get(f"/v1/customers/{one['id']}"))["name"] == "An"


async def test_an_erasure_is_of_the_whole_person(house: House) -> None:
    ids = [await known(house, f"pos:{n}", name="An") for n in range(3)]
    await house.post("/v1/merges", {"survivor": ids[0], "merged": ids[1]})
    await house.post("/v1/merges", {"survivor": ids[1], "merged": ids[2]})
    await house.follow()
    assert await tell(house, "erased", {"reason": "request", "customer": "pos:1"}) == ("appended", "")
    await forget_the_rest(house.platform)
    await house.follow()
    for subject in ids:
        assert (await house.http.get(f"/v1/customers/{subject}")).status_code == 410
    assert await tell(house, "erased", {"reason": "request", "customer": "pos:1"}) == ("already", "")
    assert await tell(house, "erased", {"reason": "request"}, ids[0]) == ("already", "")
    reasons = [e.data["reason"] for e in await house.facts() if e.type == "customer.erased"]
    assert set(reasons) == {"request"}


async def test_what_is_older_than_an_erasure_is_refused_even_where_that_came_first(house: House) -> None:
    assert await tell(house, "erased", {"reason": "because I say so"}, "pos:1") == ("appended", "")
    old = {"ref": "pos:1", "kind": "external", "at": "2026-03-01T00:00:00Z"}
    refused = await house.http.post("/v1/customers/upsert", json=old)
    assert refused.status_code == 410
    assert [e.data["reason"] for e in await house.facts()] == ["other"]


async def test_who_came_back_is_erased_again_by_the_same_reference(house: House) -> None:
    first = await known(house, "pos:1")
    assert await tell(house, "erased", {"reason": "request"}, "pos:1", id="1") == ("appended", "")
    house.clock.moment = house.clock.moment.replace(hour=15)
    again = await known(house, "pos:1")
    assert again != first
    assert await tell(house, "merged", {"survivor": "pos:1", "merged": "web:9"}) == ("appended", "")
    assert (await house.get(f"/v1/customers/{again}"))["merged_from"]
    assert await tell(house, "erased", {"reason": "request"}, "pos:1", id="2") == ("appended", "")
    assert (await house.http.get(f"/v1/customers/{again}")).status_code == 410


async def test_a_reference_that_names_the_subject_is_one_of_the_record(house: House) -> None:
    assert await tell(house, "recorded", {"kind": "external", "name": "An"}, "pos:1") == ("appended", "")
    answer = await house.http.post("/v1/customers/resolve", json={"customers": ["pos:1"]})
    record = answer.json()["items"][0]
    assert (record["name"], record["refs"]) == ("An", ["pos:1"])
    assert await tell(house, "recorded", {"owner": "lan"}, record["id"]) == ("appended", "")
    assert (await house.get(f"/v1/customers/{record['id']}"))["refs"] == ["pos:1"]
