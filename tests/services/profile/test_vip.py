"""VIPs by hand: said and taken back by somebody, for a reason, as part of the record."""

from __future__ import annotations

from datetime import timedelta

from tests.services.house import House

WHY = {"vip": True, "reason": "chairs the trade association"}


async def test_vip_is_said_and_taken_back(house: House) -> None:
    customer = (await house.post("/v1/customers", {"kind": "external", "name": "Lan"}))["id"]
    path = f"/v1/customers/{customer}"
    assert (await house.get(path))["vip"] is False
    house.clock.advance(timedelta(minutes=1))
    made = await house.post(f"{path}/vip", WHY)
    assert (made["vip"], made["vip_reason"]) == (True, WHY["reason"])
    assert await house.post(f"{path}/vip", WHY, 200) == made
    await house.follow()
    for wanted, found in ((True, [customer]), (False, [])):
        listed = (await house.get("/v1/customers", vip=wanted))["items"]
        assert [c["id"] for c in listed] == found
        searched = (await house.post_read("/v1/customers/search", {"vip": wanted}))["items"]
        assert [c["id"] for c in searched] == found
    house.clock.advance(timedelta(minutes=1))
    assert (await house.post(f"{path}/vip", {"vip": False, "reason": "retired"}))["vip"] is False
    await house.follow()
    assert [c["id"] for c in (await house.get("/v1/customers", vip=False))["items"]] == [customer]
    entries = (await house.get(f"{path}/history"))["items"]
    assert [(e["by"], [c["after"] for c in e["changes"]]) for e in entries[1:]] == [
        ("clerk", [True, WHY["reason"]]), ("clerk", [False, "retired"])
    ]  # fmt: skip


async def test_the_reason_is_sealed_and_goes_with_what_it_was_for(house: House) -> None:
    told = {"kind": "external", "vip": True, "vip_reason": "an old friend"}
    customer = (await house.post("/v1/customers", told))["id"]
    path = f"/v1/customers/{customer}"
    assert b"old friend" not in b"".join(str(e.data).encode() for e in await house.facts())
    answer = await house.http.patch(path, json={"vip": False}, headers={"If-Match": "*"})
    assert (answer.json()["vip"], answer.json()["vip_reason"]) == (False, None)


async def test_a_vip_needs_a_reason_and_a_customer(house: House) -> None:
    customer = (await house.post("/v1/customers", {"kind": "external"}))["id"]
    await house.refused(f"/v1/customers/{customer}/vip", {"vip": True}, 422, "required", "/reason")
    await house.refused("/v1/customers/0d1b4c3e-1111-8222-8333-444455556666/vip", WHY, 404, "unknown_customer")
