"""Segments over HTTP: defined, followed as facts come and as time goes by, changed and removed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.events.service import Platform
from services.profile.app import SERVICE
from services.profile.jobs import segmenting
from tests.services.house import House, open_house
from tests.services.profile.test_classes import buy, known

FREQUENT = {"field": "purchases.count", "gte": 2, "window": "P30D"}
UNKNOWN = "0d1b4c3e-1111-8222-8333-444455556666"


async def settle(house: House) -> None:
    """Views and those who look take everything in."""
    await house.follow()
    while await segmenting.segment(house.platform):
        await house.follow()


async def define(house: House, rule: Any, name: str = "frequent", **more: Any) -> str:
    found: str = (await house.post("/v1/segments", {"name": name, "rule": rule, **more}))["id"]
    await settle(house)
    return found


async def members(house: House, segment: str) -> list[str]:
    return [m["customer"] for m in (await house.get(f"/v1/segments/{segment}/members"))["items"]]


async def passages(house: House) -> list[tuple[str, str, str]]:
    told = [e for e in await house.facts() if e.type == "customer.segmented"]
    return [(e.subject, e.data["name"], e.data["change"]) for e in told]


async def test_customers_enter_and_leave_as_facts_come(house: House) -> None:
    lan = await known(house, "pos:1")
    minh = await known(house, "pos:2")
    await buy(house, lan, "o1", "10")
    segment = await define(house, FREQUENT)
    assert await members(house, segment) == []
    await buy(house, lan, "o2", "10")
    await buy(house, minh, "o1", "10")
    await settle(house)
    assert await members(house, segment) == [lan]
    shown = await house.get(f"/v1/customers/{lan}")
    assert shown["segments"] == [{"id": segment, "name": "frequent"}]
    (fact,) = [e for e in await house.facts() if e.type == "customer.segmented"]
    assert fact.data["reason"] == "purchases.count in P30D 2 (≥ 2: yes)"
    assert fact.cause
    assert fact.data == {
        "segment": segment, "name": "frequent", "vip": False, "change": "entered", "reason": fact.data["reason"]
    }  # fmt: skip
    # time alone
    house.clock.advance(timedelta(days=31))
    await settle(house)
    assert await members(house, segment) == []
    assert await passages(house) == [(lan, "frequent", "entered"), (lan, "frequent", "left")]
    before = await house.get(f"/v1/customers/{lan}", as_of="2026-03-14")
    assert before["segments"] == shown["segments"]
    told = (await house.get(f"/v1/customers/{lan}/history"))["items"]
    passed = [(e["reason"], c["after"]) for e in told for c in e["changes"] if c["field"] == "segments"]
    assert passed == [(fact.data["reason"], ["frequent"]), ("purchases.count in P30D 0 (≥ 2: no)", None)]


async def test_personal_fields_are_judged_and_leave_no_trace(house: House) -> None:
    body = {"kind": "external", "refs": ["pos:1"], "occupation": "beekeeper", "custom": {}}
    lan = (await house.post("/v1/customers", {k: v for k, v in body.items() if k != "custom"}))["id"]
    segment = await define(house, {"field": "occupation", "prefix": "beek"}, "outdoors")
    assert await members(house, segment) == [lan]
    await house.http.patch(f"/v1/customers/{lan}", json={"occupation": "retired"}, headers={"If-Match": "*"})
    await settle(house)
    assert await members(house, segment) == []
    told = [str(e.data) for e in await house.facts() if e.type == "customer.segmented"]
    assert told
    assert not any("beek" in each for each in told)


async def test_a_changed_rule_lets_others_in(house: House) -> None:
    ids = [await known(house, f"pos:{n}") for n in range(3)]
    for n, customer in enumerate(ids):
        for order in range(n):
            await buy(house, customer, f"o{order}", "10")
    segment = await define(house, {"field": "purchases.count", "gte": 2})
    path = f"/v1/segments/{segment}"
    assert await members(house, segment) == [ids[2]]
    read = await house.http.get(path)
    assert (read.json()["members"], read.headers["etag"]) == (1, '"1"')
    change = {"rule": {"field": "purchases.count", "lte": 1}, "name": "seldom", "description": "once at most"}
    assert (await house.http.patch(path, json=change)).status_code == 428
    assert (await house.http.patch(path, json=change, headers={"If-Match": '"9"'})).status_code == 412
    changed = await house.http.patch(path, json=change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert {k: changed.json()[k] for k in change} == change
    await settle(house)
    assert await members(house, segment) == sorted(ids[:2])
    renamed = await house.http.patch(path, json={"name": "rare", "vip": True}, headers={"If-Match": "*"})
    assert renamed.status_code == 200
    await settle(house)
    shown = await house.get(f"/v1/customers/{ids[0]}")
    assert (shown["segments"], shown["vip"]) == ([{"id": segment, "name": "rare"}], True)
    cleared = await house.http.patch(path, json={"description": None}, headers={"If-Match": "*"})
    assert cleared.json()["description"] is None
    history = (await house.get(f"{path}/history"))["items"]
    assert [(h["version"], h["name"], h["by"]) for h in history] == [
        (1, "frequent", "clerk"), (2, "seldom", "clerk"), (3, "rare", "clerk"), (4, "rare", "clerk")
    ]  # fmt: skip


async def test_a_removed_segment_is_left_by_all(house: House) -> None:
    lan = await known(house, "pos:1")
    segment = await define(house, {"field": "kind", "eq": "external"}, "everybody")
    assert await members(house, segment) == [lan]
    gone = await house.http.delete(f"/v1/segments/{segment}")
    assert (gone.status_code, gone.json()) == (200, {"id": segment, "state": "removed"})
    await settle(house)
    for method, path in (("GET", ""), ("GET", "/members"), ("DELETE", "")):
        assert (await house.http.request(method, f"/v1/segments/{segment}{path}")).status_code == 404
    assert (await house.get("/v1/segments"))["items"] == []
    assert (await house.get(f"/v1/customers/{lan}"))["segments"] == []
    assert (await house.get(f"/v1/segments/{segment}/history"))["items"][-1]["removed"] is True


async def test_members_of_a_person_and_after_their_parting(house: House) -> None:
    a, b = await known(house, "pos:a"), await known(house, "pos:b")
    segment = await define(house, {"field": "purchases.count", "gte": 2})
    await buy(house, a, "o1", "10")
    await buy(house, b, "o2", "10")
    merge = await house.post("/v1/merges", {"survivor": a, "merged": b})
    await settle(house)
    assert await members(house, segment) == [a]
    assert (await house.get(f"/v1/customers/{b}"))["segments"] == [{"id": segment, "name": "frequent"}]
    await house.post(f"/v1/merges/{merge['id']}/undo", {}, 200)
    await settle(house)
    assert await members(house, segment) == []


async def test_vips_by_rule_and_what_is_said_by_hand(house: House) -> None:
    lan = await known(house, "pos:1")
    segment = await define(house, {"field": "systems", "contains": "pos"}, "key accounts", vip=True)
    assert (await house.get(f"/v1/customers/{lan}"))["vip"] is True
    assert [c["id"] for c in (await house.get("/v1/customers", vip=True))["items"]] == [lan]
    assert [c["id"] for c in (await house.get("/v1/customers", segment=segment))["items"]] == [lan]
    assert [c["id"] for c in (await house.post_read("/v1/customers/search", {"segment": segment}))["items"]] == [lan]
    await house.post(f"/v1/customers/{lan}/vip", {"vip": False, "reason": "a colleague's own account"})
    assert (await house.get(f"/v1/customers/{lan}"))["vip"] is False
    assert await members(house, segment) == [lan]


async def test_a_rule_is_tried_out(house: House) -> None:
    lan = await known(house, "pos:1")
    await known(house, "pos:2")
    await buy(house, lan, "o1", "10")
    await house.follow()
    found = await house.post_read("/v1/segments/preview", {"rule": {"field": "purchases.count", "gte": 1}})
    assert (found["matched"], found["looked_at"], found["all"]) == (1, 2, 2)
    assert found["items"] == [{"customer": lan, "reason": "purchases.count 1 (≥ 1: yes)"}]
    assert (await house.get("/v1/segments"))["items"] == []


async def test_bad_rules_say_where(house: House) -> None:
    bad = {"all": [{"field": "kind", "eq": "external"}, {"field": "shoe", "eq": 1}]}
    for path, body in (("/v1/segments", {"name": "x", "rule": bad}), ("/v1/segments/preview", {"rule": bad})):
        await house.refused(path, body, 422, "unknown_field", "/rule/all/1/field")
    await house.refused("/v1/segments", {"rule": {}}, 422, "required", "/name")
    assert (await house.http.get(f"/v1/segments/{UNKNOWN}")).status_code == 404


async def test_who_is_forgotten_is_in_no_segment(house: House) -> None:
    lan = await known(house, "pos:1")
    segment = await define(house, {"field": "kind", "eq": "external"})
    await house.post(f"/v1/customers/{lan}/erasure", {"reason": "request"}, 202)
    await settle(house)
    assert await members(house, segment) == []
    assert (await house.get(f"/v1/segments/{segment}"))["members"] == 0


async def rebuilt(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empties the views, and takes the facts again in two halves, with somebody looking in between."""
    async with house.platform.database.begin() as tx:
        for view in SERVICE.views(house.platform):
            for table in view.tables.sorted_tables:
                await tx.conn.execute(table.delete())
    facts = await house.facts()
    half = [e for e in facts if not (e.type == "customer.purchased" and e.data["order"] == "o2")]
    await house.fold(half)

    async def level(within: timedelta) -> int:
        return 1

    with monkeypatch.context() as patched:
        patched.setattr(house.platform.progress, "level", level)
        assert await segmenting.segment(house.platform) == 0
    await house.fold([e for e in facts if e not in half])


async def test_a_rebuild_announces_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lan = await known(house, "pos:1")
    for order in ("o1", "o2"):
        await buy(house, lan, order, "10")
    segment = await define(house, FREQUENT)
    before = await passages(house)
    await rebuilt(house, monkeypatch)
    await settle(house)
    assert await passages(house) == before == [(lan, "frequent", "entered")]
    assert await members(house, segment) == [lan]


async def test_everybody_is_looked_at_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenting, "BATCH", 3)
    ids = [await known(house, f"pos:{n}") for n in range(8)]
    segment = await define(house, {"field": "kind", "eq": "external"})
    assert await members(house, segment) == sorted(ids)


async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        assert isinstance(house.platform, Platform)
        await test_customers_enter_and_leave_as_facts_come(house)
        segment = await define(house, {"field": "kind", "eq": "external"}, "everybody")
        assert len(await members(house, segment)) == 2
        assert (await house.http.delete(f"/v1/segments/{segment}")).status_code == 200
        await settle(house)
        assert [e for e in await passages(house) if e[1] == "everybody"][-1][2] == "left"
