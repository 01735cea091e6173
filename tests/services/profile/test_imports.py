"""An import is taken back: what it stated is unsaid, what it brought is refunded, what was changed since stays."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from libs.events.desk import Asked
from libs.events.doors import EVENT, Caller
from services.profile.app import SERVICE
from tests.services.house import House, open_house

MAY, JUNE, JULY = ("2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z")


async def tell(house: House, type: str, subject: str, at: str = "", by: str = "", id: str = "", **data: Any) -> str:
    """An event, part of an import where `by` names one; its status."""
    door = next(d for d in house.definition.doors if d.event == f"customer.{type}")
    said = door.body.model_validate({**data, **({"at": at} if at else {})}, strict=False)
    caller = Caller(EVENT, f"/import {id or uuid.uuid4()}", imported=by)
    outcome = await house.platform.desk.perform(Asked(door, said, caller, subject))
    return (outcome.refusal or outcome.verdicts[-1]).status


def paid(order: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"order": order, "amount": {"amount": amount, "currency": "USD"}, **more}


async def undo(house: House, name: str, *, dry_run: bool = False) -> list[dict[str, Any]]:
    await house.follow()
    path = f"/v1/customers/imports/{name}/undo"
    items: list[dict[str, Any]] = []
    body: dict[str, Any] = {"dry_run": dry_run}
    while True:
        answer = await house.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if not (cursor := answer.json()["next_cursor"]):
            break
        body["cursor"] = cursor
    await house.follow()
    return items


async def shown(house: House, ref: str) -> dict[str, Any]:
    (found,) = (await house.post_read("/v1/customers/resolve", {"customers": [ref]}))["items"]
    return dict(found)


async def test_members_are_again_what_they_were(house: House) -> None:
    custom = {"ref": "pos:1", "kind": "external", "name": "Đỗ Thị An", "owner": "lan"}
    await tell(house, "recorded", "pos:1", MAY, **custom)
    before = await shown(house, "pos:1")
    await tell(house, "recorded", "pos:1", JUNE, "bad", name="Xx", owner="xx", birthday="1990-05-17")
    assert (await shown(house, "pos:1"))["owner"] == "xx"
    facts = await house.facts()
    (told,) = await undo(house, "bad", dry_run=True)
    assert (told["restored"], told["withdrawn"]) == (["birthday", "name", "owner"], False)
    assert await house.facts() == facts, "rehearsed only"
    assert await undo(house, "bad") == [told]
    assert await shown(house, "pos:1") == before
    assert (await house.get("/v1/customers", owner="lan"))["items"][0]["id"] == before["id"]
    assert (await undo(house, "bad"))[0]["restored"] == [], "once is enough"
    restored = [e for e in await house.facts() if e.type == "customer.restored"]
    assert len(restored) == 1
    assert "Đỗ Thị An" not in repr(restored)


async def test_what_comes_late_meets_the_record_as_if_the_import_had_never_been(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", owner="lan")
    await tell(house, "recorded", "pos:1", JULY, "bad", owner="xx")
    await undo(house, "bad")
    await tell(house, "recorded", "pos:1", JUNE, owner="minh")
    assert (await shown(house, "pos:1"))["owner"] == "minh"
    await tell(house, "recorded", "pos:1", JULY, "good", owner="hoa")
    assert (await shown(house, "pos:1"))["owner"] == "hoa", "imported again, as of the same moment"


async def test_what_was_changed_since_is_kept_and_told(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", name="An", owner="lan")
    await tell(house, "recorded", "pos:1", JUNE, "bad", name="Xx", owner="xx")
    await tell(house, "recorded", "pos:1", JULY, name="Anna")
    (told,) = await undo(house, "bad")
    assert (told["restored"], told["kept"]) == (["owner"], ["name"])
    found = await shown(house, "pos:1")
    assert (found["name"], found["owner"]) == ("Anna", "lan")


async def test_who_was_known_by_the_import_alone_is_no_more_and_may_come_again(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, "bad", ref="pos:1", name="Xx", birthday="1990-03-15")
    await tell(house, "recorded", "pos:2", MAY, "bad", ref="pos:2", name="Yy")
    await tell(house, "purchased", "pos:2", JUNE, **paid("o", "5.00"))
    told = {t["customer"]: t for t in await undo(house, "bad")}
    one, other = (house.platform.identities.of_reference(ref) for ref in ("pos:1", "pos:2"))
    assert (told[one]["withdrawn"], told[other]["withdrawn"]) == (True, False)
    assert (await house.http.get(f"/v1/customers/{one}")).status_code == 404
    assert [c["id"] for c in (await house.get("/v1/customers"))["items"]] == [other]
    assert (await shown(house, "pos:2"))["name"] is None
    await tell(house, "recorded", "pos:1", MAY, "good", ref="pos:1", name="An")
    await house.follow()
    found = await shown(house, "pos:1")
    assert (found["name"], found["birthday"], found["id"]) == ("An", None, one)


async def test_orders_are_taken_back_and_may_be_imported_again(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1")
    assert await tell(house, "purchased", "pos:1", JUNE, "bad", "1", **paid("o", "1000.00")) == "appended"
    await tell(house, "purchased", "pos:1", JUNE, "", "2", **paid("r", "10.00", refund_of="o"))
    (told,) = await undo(house, "bad")
    assert told["orders"] == 1
    facts = [e for e in await house.facts() if e.type == "customer.purchased"]
    assert [(e.data["amount"]["amount"], e.time) for e in facts[2:]] == [("990.00", facts[0].time)]
    assert (await undo(house, "bad"))[0]["orders"] == 0
    again = await tell(house, "purchased", "pos:1", JUNE, "bad", "1", **paid("o", "1000.00"))
    assert again == "already", "delivered once more"
    assert await tell(house, "purchased", "pos:1", JUNE, "good", "3", **paid("o", "10.00")) == "appended"
    assert await tell(house, "purchased", "pos:1", JUNE, "good", "4", **paid("o", "10.00")) == "already"
    assert await tell(house, "purchased", "pos:1", JULY, "", "5", **paid("r2", "10.00", refund_of="o")) == "appended"
    assert await tell(house, "purchased", "pos:1", JULY, "", "6", **paid("r3", "0.01", refund_of="o")) == "conflict"


async def test_merges_by_the_import_are_undone(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", name="An")
    await tell(house, "recorded", "web:1", MAY, ref="web:1", name="Bo")
    await tell(house, "recorded", "pos:1", JUNE, "bad", ref="pos:1", refs=["web:1"])
    assert (await shown(house, "web:1"))["merged_from"]
    assert sum(t["merges"] for t in await undo(house, "bad")) == 1
    assert [(await shown(house, ref))["name"] for ref in ("pos:1", "web:1")] == ["An", "Bo"]


async def test_imports_are_listed_and_the_unknown_is_404(house: House) -> None:
    for n in range(3):
        await tell(house, "recorded", f"pos:{n}", MAY, "first", ref=f"pos:{n}", name="x")
    await tell(house, "recorded", "pos:0", JUNE, "second", owner="y")
    await tell(house, "purchased", "pos:0", JUNE, "second", **paid("o", "1.00"))
    await house.follow()
    await undo(house, "second")
    items = (await house.get("/v1/customers/imports"))["items"]
    counts = [[i[k] for k in ("id", "recorded", "updated", "purchased", "merged", "taken_back")] for i in items]
    assert sorted(counts) == [["first", 3, 0, 0, 0, 0], ["second", 0, 1, 1, 0, 2]]
    await house.refused("/v1/customers/imports/third/undo", {}, 404, "unknown_import")
    await house.refused("/v1/customers/imports/a%20b/undo", {}, 422, "bad_format")


async def test_the_erased_are_left_alone(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, "bad", ref="pos:1", name="Xx")
    await house.follow()
    customer = house.platform.identities.of_reference("pos:1")
    await house.post(f"/v1/customers/{customer}/erasure", {"reason": "request"}, 202)
    assert await undo(house, "bad") == []


async def test_many_are_taken_back_page_by_page(house: House) -> None:
    for n in range(205):
        await tell(house, "purchased", f"pos:{n}", JUNE, "bad", **paid("o", "1.00"))
    told = await undo(house, "bad")
    assert (len(told), sum(t["withdrawn"] for t in told), sum(t["orders"] for t in told)) == (205, 205, 205)
    assert (await house.get("/v1/customers"))["items"] == []


async def test_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_orders_are_taken_back_and_may_be_imported_again(house)
        await house.follow()
        items = (await house.get("/v1/customers/imports"))["items"]
        counted = {i["id"]: (i["purchased"], i["taken_back"]) for i in items}
        assert counted == {"bad": (1, 2), "good": (1, 0)}
        assert await undo(house, "good", dry_run=True) == await undo(house, "good")
