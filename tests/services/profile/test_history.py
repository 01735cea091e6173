"""Who changed what when, and the record as it was."""

from __future__ import annotations

from typing import Any

from tests.services.house import House
from tests.services.profile.test_merges import TEN, day, known, merge, undo


async def told(house: House, customer: str, **params: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Day, customer and changes of each entry."""
    items = (await house.get(f"/v1/customers/{customer}/history", **params))["items"]
    return [
        (item["at"][8:10], item["customer"], {c["field"]: (c["before"], c["after"]) for c in item["changes"]})
        for item in items
    ]


async def test_every_change_is_told_field_by_field(house: House) -> None:
    a = await known(house, "pos:a", name="An", owner="lan", at=day(1))
    await house.post(f"/v1/customers/{a}/purchases", {"order": "o", "amount": TEN, "at": day(5)})
    await house.post("/v1/customers/upsert", {"ref": "pos:a", "name": "Ân", "at": day(3)}, 200)  # comes late
    await house.post("/v1/customers/upsert", {"ref": "pos:a", "owner": None, "at": day(7)}, 200)
    first = {"stage": (None, "prospect"), "kind": (None, "external"), "name": (None, "An"), "owner": (None, "lan")}
    want = [
        ("01", a, {**first, "refs": (None, ["pos:a"])}), ("03", a, {"name": ("An", "Ân")}),
        ("05", a, {"stage": ("prospect", "active")}), ("07", a, {"owner": ("lan", None)}),
    ]  # fmt: skip
    assert await told(house, a) == want
    assert await told(house, a, as_of=day(5)) == want[:3]
    items = (await house.get(f"/v1/customers/{a}/history"))["items"]
    assert [(i["type"], i["by"]) for i in items[:2]] == [("customer.recorded", "clerk"), ("customer.updated", "clerk")]
    page = await house.get(f"/v1/customers/{a}/history", limit=3)
    rest = await house.get(f"/v1/customers/{a}/history", cursor=page["next_cursor"])
    assert (page["items"] + rest["items"], rest["next_cursor"]) == (items, None)
    shown = {n: (await house.get(f"/v1/customers/{a}", as_of=day(n))) for n in (1, 4, 6, 8)}
    assert [(s["name"], s["owner"], s["stage"]) for s in shown.values()] == [
        ("An", "lan", "prospect"), ("Ân", "lan", "prospect"), ("Ân", "lan", "active"), ("Ân", None, "active"),
    ]  # fmt: skip
    assert shown[8] == await house.get(f"/v1/customers/{a}")
    early = await house.http.get(f"/v1/customers/{a}", params={"as_of": "2026-02-01"})
    assert (early.status_code, early.json()["code"]) == (404, "not_known_yet")
    assert (await house.http.get(f"/v1/customers/{a}/history", params={"as_of": "soon"})).status_code == 422


async def test_events_tell_their_source(house: House) -> None:
    await house.publish("customer.recorded", {"ref": "pos:a", "name": "An"})
    a = house.platform.identities.of_reference("pos:a")
    (item,) = (await house.get(f"/v1/customers/{a}/history"))["items"]
    assert item["by"]


async def test_a_merge_says_who_somebody_always_was(house: House) -> None:
    a = await known(house, "pos:a", name="An", at=day(4))
    b = await known(house, "pos:b", name="Bình", owner="minh", at=day(2))
    made = await merge(house, a, b, choices={"name": "merged"}, at=day(6))
    history = await told(house, b)
    assert [(at, customer, changes.get("name")) for at, customer, changes in history] == [
        ("02", b, (None, "Bình")), ("04", a, ("Bình", "An")), ("06", b, ("An", "Bình")),
    ]  # fmt: skip
    assert (await house.get(f"/v1/customers/{a}/history"))["items"][-1]["merge"] == made
    early = await house.get(f"/v1/customers/{b}", as_of=day(3))
    assert (early["id"], early["name"], early["merged_from"]) == (a, "Bình", [b])
    assert [(await house.get(f"/v1/customers/{a}", as_of=day(n)))["name"] for n in (5, 7)] == ["An", "Bình"]
    await undo(house, made)
    assert [at for at, _, changes in await told(house, a) if changes] == ["04"]
    assert [i["type"] for i in (await house.get(f"/v1/customers/{b}/history"))["items"]] == [
        "customer.recorded", "customer.merged", "customer.unmerged",
    ]  # fmt: skip


async def test_who_is_forgotten_has_no_history(house: House) -> None:
    a = await known(house, "pos:a", name="An")
    await house.post(f"/v1/customers/{a}/erasure", {"reason": "request"}, 202)
    for path in (f"/v1/customers/{a}/history", f"/v1/customers/{a}?as_of=2026-03-13"):
        assert (await house.http.get(path)).status_code == 410
