"""What is said of somebody who was erased: 410 where they are addressed, 409 where they should become somebody else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from libs.events.desk import Asked
from libs.events.doors import Caller
from libs.events.identities import Identities
from libs.events.values import Money
from services.profile.doors.bodies import Purchase
from services.profile.doors.purchases import PURCHASED
from tests.services.house import NOW, House

TEN = {"amount": "10.00", "currency": "USD"}
KEYED: list[tuple[str, Any]] = [
    ("/v1/customers", {"kind": "external", "name": "Đỗ", "refs": ["pos:1"]}),
    ("/v1/customers/upsert", {"ref": "pos:1", "kind": "external", "name": "Đỗ"}),
    ("/v1/customers/{}/acquisition", {"channel": "shop"}),
    ("/v1/customers/{}/purchases", {"order": "o", "amount": TEN}),
    ("/v1/customers/{}/loss", {"reason": "moved"}),
    ("/v1/customers/{}/win-back", {"approach": "call", "by": "lan", "outcome": "came"}),
]


async def known(house: House, ref: str = "pos:1", **record: Any) -> str:
    made = await house.http.post("/v1/customers/upsert", json={"ref": ref, "kind": "external", **record})
    assert made.status_code in (200, 201), made.text
    return str(made.json()["id"])


async def erase(house: House, customer: str, key: str = "") -> Any:
    return await house.post(f"/v1/customers/{customer}/erasure", {"reason": "request"}, 202, key)


async def test_a_key_that_was_answered_is_answered_410_afterwards(house: House) -> None:
    customer = Identities(b"s" * 32).of_reference("pos:1")
    calls = [(path.format(customer), body) for path, body in KEYED]
    for path, body in calls:
        await house.post(path, body, 200 if path.endswith("upsert") else 201, "k")
    await erase(house, customer)
    facts = await house.facts()
    for path, body in calls:
        for _ in range(2):
            answer = await house.http.post(path, json=body, headers={"Idempotency-Key": "k"})
            assert (answer.status_code, answer.json()["code"]) == (410, "erased"), path
            assert "idempotent-replayed" not in answer.headers
    assert await house.facts() == facts, "nobody was made anew by a call of before"


@pytest.mark.parametrize(("path", "body"), [call for call in KEYED if "{}" in call[0]])
async def test_an_erased_customer_is_410(house: House, path: str, body: Any) -> None:
    customer = await known(house)
    await erase(house, customer)
    await house.refused(path.format(customer), body, 410, "erased")


async def test_an_erasure_is_answered_again(house: House) -> None:
    customer = await known(house)
    first = await erase(house, customer, "k")
    assert await erase(house, customer, "k") == first
    assert await erase(house, customer) == first
    assert len([e for e in await house.facts() if e.type == "customer.erased"]) == 1


async def test_a_bulk_key_tells_of_those_who_were_erased_since(house: House) -> None:
    body = {"items": [{"customer": f"pos:{n}", "order": "o", "amount": TEN} for n in (1, 2)]}
    first = await house.post("/v1/customers/purchases/bulk", body, 200, "k")
    await erase(house, first["results"][1]["id"])
    again = (await house.http.post("/v1/customers/purchases/bulk", json=body, headers={"Idempotency-Key": "k"})).json()
    assert [result["status"] for result in again["results"]] == ["already", "erased"]


async def test_an_event_taken_before_is_already_there_and_another_one_is_refused(house: House) -> None:
    async def taken(order: str, id: str) -> str:
        said = Purchase(order=order, amount=Money(amount=Decimal(10), currency="USD"), at=NOW - timedelta(days=1))
        outcome = await house.platform.desk.perform(Asked(PURCHASED, said, Caller("event", f"/shop {id}"), "pos:1"))
        return outcome.verdicts[-1].status

    assert await taken("o", "1") == "appended"
    await erase(house, await known(house))
    assert await taken("o", "1") == "already", "delivered once more: nothing to tell anybody"
    assert await taken("p", "2") == "erased"


async def test_merging_and_undoing(house: House) -> None:
    one, other, third = await known(house, "pos:1"), await known(house, "pos:2"), await known(house, "pos:3")
    merge = {"survivor": one, "merged": other}
    made = await house.post("/v1/merges", merge, key="k")
    await house.refused("/v1/merges", merge, 409, "same_person")
    await house.refused("/v1/merges", {"survivor": other, "merged": one}, 409, "same_person")
    await house.refused("/v1/merges", {"survivor": one, "merged": one}, 409, "same_customer")
    await house.refused("/v1/merges", {"survivor": "pos:1", "merged": one}, 409, "same_customer")
    await house.follow()
    await erase(house, other)
    assert (await house.http.get(f"/v1/customers/{one}")).status_code == 410, "one person, forgotten under all ids"
    for body in ({"survivor": third, "merged": one}, {"survivor": other, "merged": third}):
        await house.refused("/v1/merges", body, 409, "erased")
        await house.refused("/v1/merges", {**body, "dry_run": True}, 409, "erased")
    again = await house.http.post("/v1/merges", json=merge, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["code"]) == (409, "erased")
    await house.refused(f"/v1/merges/{made['id']}/undo", {}, 410, "erased")
