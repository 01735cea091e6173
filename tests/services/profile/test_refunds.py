"""What is taken back of an order: in its currency, and never more than it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.units import Position
from services.profile.app import SERVICE
from tests.services.house import House, open_house


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def buyer(house: House, ref: str = "pos:1") -> str:
    made = await house.http.post("/v1/customers/upsert", json={"ref": ref, "kind": "external"})
    customer: str = made.json()["id"]
    return f"/v1/customers/{customer}/purchases"


def back(order: str, amount: str, of: str = "o", currency: str = "USD") -> dict[str, Any]:
    return {"order": order, "amount": money(amount, currency), "refund_of": of}


async def test_refunds_come_to_no_more_than_the_order(house: House) -> None:
    path = await buyer(house)
    await house.post(path, {"order": "o", "amount": money("10.00")})
    await house.post(path, back("r1", "6.00"))
    problem = await house.refused(path, back("r2", "4.01"), 409, "refund_exceeds_order")
    assert problem["left"] == money("4.00")
    await house.post(path, back("r2", "4.00"))
    await house.post(path, back("r1", "6.00"), 200)
    assert (await house.refused(path, back("r3", "0.01"), 409, "refund_exceeds_order"))["left"] == money("0.00")


async def test_in_another_currency_or_of_a_refund(house: House) -> None:
    path = await buyer(house)
    await house.post(path, {"order": "o", "amount": money("10.00")})
    problem = await house.refused(path, back("r1", "1.00", currency="EUR"), 409, "other_currency")
    assert problem["currency"] == "USD"
    await house.post(path, back("r1", "1.00"))
    await house.refused(path, back("r2", "1.00", of="r1"), 409, "refund_of_refund")
    await house.refused(path, back("r3", "1.00", of="never"), 409, "not_yet")


async def test_an_event_before_its_order_waits_and_a_greedy_one_is_a_conflict(house: House) -> None:
    order = {"order": "o", "amount": money("3.00")}
    taken = [
        await house.publish("customer.purchased", body, "pos:9")
        for body in (back("r1", "1.00"), order, back("r1", "1.00"), back("r2", "3.00"))
    ]
    told = [(t.verdicts[-1].status, t.refusal.refusal.code if t.refusal and t.refusal.refusal else "") for t in taken]
    assert told == [("parked", "not_yet"), ("appended", ""), ("appended", ""), ("conflict", "refund_exceeds_order")]


async def test_ids_of_one_person_take_back_together(house: House) -> None:
    one, other = await buyer(house, "pos:1"), await buyer(house, "web:1")
    await house.post(one, {"order": "o", "amount": money("10.00")})
    merge = {"survivor": one.split("/")[3], "merged": other.split("/")[3]}
    await house.post("/v1/merges", merge)
    await house.follow()
    await house.post(other, back("r1", "6.00"))
    assert (await house.refused(one, back("r2", "5.00"), 409, "refund_exceeds_order"))["left"] == money("4.00")
    await house.post(one, back("r2", "3.00"))
    assert (await house.refused(other, back("r3", "2.00"), 409, "refund_exceeds_order"))["left"] == money("1.00")
    # an order of the same number under the other id is another order
    await house.post(other, {"order": "o", "amount": money("2.00")})
    await house.refused(one, back("r3", "8.00"), 409, "refund_exceeds_order")


@settings(max_examples=10)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
async def test_whatever_is_asked_no_more_is_taken_back_than_was_paid(
    tmp_path_factory: Any, amounts: list[int]
) -> None:
    async with open_house(SERVICE, tmp_path_factory.mktemp("house")) as house:
        path = await buyer(house)
        await house.post(path, {"order": "o", "amount": money("1.00")})
        answers = await asyncio.gather(
            *(house.http.post(path, json=back(f"r{n}", f"0.{cents:02d}")) for n, cents in enumerate(amounts))
        )
        taken = [cents for cents, answer in zip(amounts, answers, strict=True) if answer.status_code == 201]
        left = 100 - sum(taken)
        assert left >= 0
        refused = [cents for cents, answer in zip(amounts, answers, strict=True) if answer.status_code == 409]
        assert all(cents > left for cents in refused)


async def test_at_once_in_two_processes_under_two_ids(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with (
        open_house(SERVICE, tmp_path, postgres_url) as one,
        open_house(SERVICE, tmp_path / "other", postgres_url) as other,
    ):
        paths = await buyer(one, "pos:1"), await buyer(one, "web:1")
        await one.post(paths[0], {"order": "o", "amount": money("10.00")})
        await one.post("/v1/merges", {"survivor": paths[0].split("/")[3], "merged": paths[1].split("/")[3]})
        await one.follow()
        answers = await asyncio.gather(
            *((one, other)[n % 2].http.post(paths[n // 2 % 2], json=back(f"r{n}", "3.00")) for n in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5, [a.text for a in answers]


async def test_a_refund_stands_where_it_was_made_however_many_ids_the_person_has(house: House) -> None:
    told = {"kind": "external", "refs": ["pos:1", "web:1"]}
    customer = (await house.http.post("/v1/customers", json=told)).json()["id"]
    await house.follow()
    path = f"/v1/customers/{customer}/purchases"
    await house.post(path, {"order": "o", "amount": money("10.00")})
    first, again = [await house.http.post(path, json=back("r", "1.00")) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    position = Position.parse(first.headers["event-position"])
    assert (position.subject, position.sequence) == (customer, 3), "recorded, bought, taken back"
    assert again.headers["event-position"] == first.headers["event-position"]
