"""Leaving, being approached, coming back: tries that fail are kept, and only one that succeeds moves the stage."""

from __future__ import annotations

from datetime import timedelta

from tests.services.house import House

WON = {"approach": "Called Mrs Đỗ", "by": "minh", "outcome": "she comes on Friday"}


async def lost(house: House) -> str:
    made = await house.post("/v1/customers", {"kind": "external", "stage": "active"})
    await house.post(f"/v1/customers/{made['id']}/loss", {"reason": "indifference", "note": "nobody called back"})
    return f"/v1/customers/{made['id']}"


async def test_it_may_take_several_tries(house: House) -> None:
    path = await lost(house)
    tried = WON | {
        "way": "indirect", "cause": "quality", "handed_by": "lan", "missed": "two complaints in May",
        "outcome": "wants to think", "result": "undecided",
    }  # fmt: skip
    assert (await house.post(f"{path}/win-back", tried))["stage"] == "lost"
    assert (await house.post(f"{path}/win-back", WON | {"result": "refused"}))["stage"] == "lost"
    assert (await house.post(f"{path}/win-back", WON | {"result": "won_back", "way": "direct"}))["stage"] == "won_back"
    house.clock.advance(timedelta(minutes=1))
    await house.refused(f"{path}/win-back", WON, 409, "out_of_order")
    await house.refused(f"{path}/win-back", WON | {"result": "refused"}, 409, "out_of_order")
    items = (await house.get(f"{path}/leaving"))["items"]
    assert [item["step"] for item in items] == ["lost", "approached", "approached", "won_back"]
    assert items[0]["note"] == "nobody called back"
    assert {name: items[1][name] for name in tried} == tried
    assert (items[2]["result"], items[3]["way"]) == ("refused", "direct")


async def test_what_was_told_is_sealed(house: House) -> None:
    path = await lost(house)
    await house.post(f"{path}/win-back", WON | {"missed": "two complaints", "result": "refused"})
    for word in ("Đỗ", "Friday", "called back", "complaints"):
        assert word not in repr(await house.facts())


async def test_without_a_result_it_is_a_win_back_as_ever(house: House) -> None:
    path = await lost(house)
    assert (await house.post(f"{path}/win-back", WON))["stage"] == "won_back"
    (fact,) = [e for e in await house.facts() if e.type == "customer.won_back"]
    assert fact.data.keys() == {"approach", "by", "outcome"}


async def test_events_may_tell_of_tries(house: House) -> None:
    path = await lost(house)
    subject = path.rsplit("/", 1)[1]
    outcome = await house.publish("customer.won_back", WON | {"result": "refused"}, subject)
    assert outcome.verdicts[-1].status == "appended"
    assert (await house.get(path))["stage"] == "lost"
