"""What is done to one id of a person is judged by what is known of all of them."""

from __future__ import annotations

from tests.services.house import House
from tests.services.profile.test_merges import TEN, day, known, merge, undo

WON = {"approach": "call", "by": "lan", "outcome": "came back"}


async def test_who_was_lost_under_one_id_is_won_back_under_another(house: House) -> None:
    a, b = [await known(house, f"pos:{n}", at=day(1)) for n in "ab"]
    await house.post(f"/v1/customers/{b}/loss", {"reason": "moved", "at": day(2)})
    made = await merge(house, a, b)
    problem = await house.refused(f"/v1/customers/{a}/loss", {"reason": "moved", "at": day(3)}, 409, "out_of_order")
    assert (problem["state"], problem["possible"]) == ("lost", ["win-back"])
    won = await house.post(f"/v1/customers/{a}/win-back", WON | {"at": day(4)})
    assert won == {"id": a, "stage": "won_back"}
    await house.follow()
    assert (await house.get(f"/v1/customers/{b}"))["stage"] == "won_back"
    lost = await house.post(f"/v1/customers/{b}/loss", {"reason": "quality", "at": day(5)})
    assert lost["stage"] == "lost"
    # apart, each is what its own facts say: nobody was lost under the one, and under the other twice
    await undo(house, made)
    assert [(await house.get(f"/v1/customers/{who}"))["stage"] for who in (a, b)] == ["prospect", "lost"]


async def test_an_order_bought_under_one_id_is_taken_back_under_another(house: House) -> None:
    a, b, other = [await known(house, f"pos:{n}") for n in "abc"]
    await house.post(f"/v1/customers/{b}/purchases", {"order": "o", "amount": TEN})
    refund = {"order": "r", "amount": {**TEN, "amount": "5.00"}, "refund_of": "o"}
    await house.refused(f"/v1/customers/{a}/purchases", refund, 409, "not_yet")
    await merge(house, a, b)
    await house.post(f"/v1/customers/{a}/purchases", refund)
    await house.post(f"/v1/customers/{b}/purchases", refund | {"order": "r2"})
    await house.refused(f"/v1/customers/{other}/purchases", refund, 409, "not_yet")
