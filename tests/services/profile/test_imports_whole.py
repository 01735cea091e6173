"""Taking an import back takes all of it back that can be: references, stages, refunds; what stays says why."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from services.profile.app import SERVICE
from services.profile.projections.purchases import amount_of, purchases
from services.scoring.domain.fact import Fact
from services.scoring.domain.purchases import purchase_days
from services.scoring.domain.stage import stage_of
from tests.services.house import House, open_house
from tests.services.profile.test_imports import JULY, JUNE, MAY, paid, shown, tell, undo


def subject(house: House, ref: str = "pos:1") -> str:
    return house.platform.identities.of_reference(ref)


async def spent(house: House) -> tuple[Decimal, list[Decimal]]:
    """What was spent, as segments see it, and day by day, as scores do."""
    await house.follow()
    async with house.platform.database.read() as reader:
        rows = (await reader.conn.execute(select(purchases.c.units, purchases.c.millionths))).all()
    facts = sorted(map(Fact.of, await house.facts()), key=lambda fact: fact.order)
    days = [day.values["USD"] for day in purchase_days(facts)]
    return sum((amount_of(*row) for row in rows), Decimal(0)), days


async def concluded(house: House, ref: str) -> str:
    """The stage that scoring concludes from what profile told of a customer."""
    return stage_of(Fact.of(event) for event in await house.facts() if event.subject == subject(house, ref))


async def test_references_that_only_the_import_stated_are_gone(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", name="An", refs=["crm:1"])
    await house.follow()
    before = await shown(house, "pos:1")
    await tell(house, "recorded", "pos:1", JUNE, "bad", ref="pos:1", refs=["web:1", "crm:1"])
    assert (await shown(house, "pos:1"))["refs"] == ["pos:1", "crm:1", "web:1"]
    (told,) = [t for t in await undo(house, "bad") if t["customer"] == subject(house)]
    assert (told["restored"], told["stays"]) == (["refs"], [])
    assert await shown(house, "pos:1") == before
    assert (await house.post_read("/v1/customers/search", {"q": "web:1"}))["items"] == []
    await tell(house, "recorded", "pos:1", JULY, ref="pos:1", refs=["web:1"])
    assert (await shown(house, "pos:1"))["refs"] == ["pos:1", "crm:1", "web:1"]


async def test_what_the_id_is_made_of_stays_and_says_so(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, "bad", ref="pos:1", name="Xx", stage="active")
    await tell(house, "acquired", "pos:1", JUNE, channel="shop")
    (told,) = await undo(house, "bad")
    assert told["restored"] == ["name", "stage"]
    assert told["stays"] == [{"field": "refs", "reason": "names_the_customer"}]
    found = await shown(house, "pos:1")
    assert (found["name"], found["refs"], found["stage"], found["bare"]) == (None, ["pos:1"], "prospect", True)
    assert await concluded(house, "pos:1") == "prospect"
    assert (await house.post("/v1/customers", {"kind": "external", "refs": ["pos:1"], "name": "An"}))["name"] == "An"


async def test_who_only_became_active_by_imported_orders_is_a_prospect_again(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", name="An")
    await tell(house, "recorded", "pos:2", MAY, ref="pos:2", name="Bo")
    for ref in ("pos:1", "pos:2"):
        await tell(house, "purchased", ref, JUNE, "bad", **paid("o", "5.00"))
    await tell(house, "purchased", "pos:2", JULY, **paid("o2", "5.00"))
    told = {t["customer"]: (t["restored"], t["stays"]) for t in await undo(house, "bad")}
    others = [{"field": "stage", "reason": "told_by_others"}]
    assert told == {subject(house, "pos:1"): (["stage"], []), subject(house, "pos:2"): ([], others)}
    one, other = await shown(house, "pos:1"), await shown(house, "pos:2")
    assert (one["stage"], other["stage"], other["stage_since"]) == ("prospect", "active", JULY)
    assert [await concluded(house, ref) for ref in ("pos:1", "pos:2")] == ["prospect", "active"]
    assert [c["id"] for c in (await house.get("/v1/customers", stage="prospect"))["items"]] == [one["id"]]
    facts = await house.facts()
    again = await undo(house, "bad")
    assert (await house.facts(), [t["restored"] for t in again]) == (facts, [[], []]), "once is enough"


async def test_refunds_by_the_import_are_given_back_and_may_come_again(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1")
    await tell(house, "purchased", "pos:1", MAY, **paid("o", "10.00"))
    await tell(house, "purchased", "pos:1", JULY, "", "r", **paid("r", "1.00", refund_of="o"))
    before = await spent(house)
    await tell(house, "purchased", "pos:1", JUNE, "bad", **paid("x", "9.00", refund_of="o"))
    (told,) = await undo(house, "bad")
    assert (told["orders"], told["refunds"], told["stays"]) == (0, 1, [])
    assert await spent(house) == before == (Decimal(9), [Decimal(9)])
    assert (await undo(house, "bad"))[0]["refunds"] == 0
    assert await tell(house, "purchased", "pos:1", JUNE, "good", **paid("x", "9.01", refund_of="o")) == "conflict"
    assert await tell(house, "purchased", "pos:1", JUNE, "good", **paid("x", "9.00", refund_of="o")) == "appended"
    assert await spent(house) == (Decimal(0), [])


async def test_an_imported_order_and_its_imported_refund_go_together(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1")
    rows: list[dict[str, Any]] = [paid("o", "10.00"), paid("r", "4.00", refund_of="o")]
    for row in rows:
        await tell(house, "purchased", "pos:1", JUNE, "bad", **row)
    (told,) = await undo(house, "bad")
    assert (told["orders"], told["refunds"], await spent(house)) == (1, 1, (Decimal(0), []))
    for row in rows:
        assert await tell(house, "purchased", "pos:1", JUNE, "good", **row) == "appended"
    assert await spent(house) == (Decimal(6), [Decimal(6)])


async def test_two_imports_taken_back_one_after_the_other_leave_what_was_before_both(house: House) -> None:
    await tell(house, "recorded", "pos:1", MAY, ref="pos:1", owner="lan")
    before = await shown(house, "pos:1")
    for name, at in (("one", JUNE), ("two", JULY)):
        await tell(house, "recorded", "pos:1", at, name, ref="pos:1", owner=name, refs=[f"web:{name}"])
        await tell(house, "purchased", "pos:1", at, name, **paid(name, "1.00"))
    for name in ("one", "two"):
        await undo(house, name)
    assert await shown(house, "pos:1") == before


async def test_who_came_by_two_imports_is_no_more_once_both_are_taken_back(house: House) -> None:
    for ref, names in (("pos:1", ("records", "orders")), ("pos:2", ("orders", "records"))):
        await tell(house, "recorded", ref, MAY, "records", ref=ref, name="Xx")
        await tell(house, "purchased", ref, JUNE, "orders", **paid("o", "5.00"))
        await tell(house, "purchased", ref, JULY, "orders", **paid("r", "1.00", refund_of="o"))
        for name in names:
            assert (await shown(house, ref))["id"] == subject(house, ref)
            await undo(house, name)
        assert (await house.http.get(f"/v1/customers/{subject(house, ref)}")).status_code == 404


async def test_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_refunds_by_the_import_are_given_back_and_may_come_again(house)
