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


async def test_who_is_told_of_by_a_merged_reference_is_answered_whole(house: House) -> None:
    one = await known(house, "pos:a", name="An", refs=["web:b"], at=day(1))
    answer = await house.http.post("/v1/customers/upsert", json={"ref": "web:b", "owner": "lan"})
    told = answer.json()
    assert (answer.status_code, told["created"]) == (200, False), "they were known, by another reference"
    assert (told["id"], told["name"], told["owner"], len(told["merged_from"])) == (one, "An", "lan", 1)
    await house.follow()
    again = await house.http.post("/v1/customers/upsert", json={"ref": "pos:a", "department": "shop"})
    assert (again.status_code, again.json()["id"], again.json()["owner"]) == (200, one, "lan")
    await house.follow()
    for customer in (one, *told["merged_from"]):
        read = await house.http.get(f"/v1/customers/{customer}")
        assert read.json() | {"created": False} == again.json()
        assert read.headers["etag"] == again.headers["etag"] != answer.headers["etag"]


async def test_a_steps_version_is_that_of_the_person(house: House) -> None:
    a, b = [await known(house, f"pos:{n}", at=day(1)) for n in "ab"]
    await merge(house, a, b)
    for path, said in ((f"{b}/loss", {"reason": "moved"}), (f"{a}/win-back", WON)):
        told = await house.http.post(f"/v1/customers/{path}", json=said)
        assert told.headers["etag"] == (await house.http.get(f"/v1/customers/{a}")).headers["etag"]
        change = await house.http.patch(
            f"/v1/customers/{a}", json={"owner": path}, headers={"If-Match": told.headers["etag"]}
        )
        assert change.status_code == 200


async def test_an_order_bought_under_one_id_is_taken_back_under_another(house: House) -> None:
    a, b, other = [await known(house, f"pos:{n}") for n in "abc"]
    await house.post(f"/v1/customers/{b}/purchases", {"order": "o", "amount": TEN})
    refund = {"order": "r", "amount": {**TEN, "amount": "5.00"}, "refund_of": "o"}
    await house.refused(f"/v1/customers/{a}/purchases", refund, 409, "not_yet")
    await merge(house, a, b)
    await house.post(f"/v1/customers/{a}/purchases", refund)
    await house.post(f"/v1/customers/{b}/purchases", refund | {"order": "r2"})
    await house.refused(f"/v1/customers/{other}/purchases", refund, 409, "not_yet")
