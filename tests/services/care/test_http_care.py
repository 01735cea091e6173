"""Deliveries, touchpoints and promises, as callers meet them."""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.catalogue.customers import CustomerAcquired
from tests.services.care.office import LAN, MINH, NOW, Office

GIVEN = {
    "customer": LAN, "programme": "gift", "staff": "lan", "department": "shop", "channel": "phone",
    "at": "2026-03-03T09:00:00Z",
}  # fmt: skip
CONTACT = {"customer": "pos:1", "staff": "lan", "channel": "phone", "at": "2026-03-03T10:00:00Z"}
PROMISE = {"what": "call Mrs Đỗ back", "due": "2026-03-04T09:00:00Z", "owner": "lan"}


async def test_a_delivery_is_told_once_however_often(office: Office) -> None:
    told = GIVEN | {"on_time": True, "cost": {"amount": "2.50", "currency": "USD"}}
    made = await office.post("/v1/deliveries", told, key="d")
    assert await office.post("/v1/deliveries", told, key="d") == made

    one = await office.get(f"/v1/deliveries/{made['id']}")
    assert one == {
        **told, "id": made["id"], "customer": LAN, "state": "delivered", "due": None, "why": None, "about": None,
    }  # fmt: skip
    await office.follow()
    assert (await office.get("/v1/deliveries"))["items"] == [one]


async def test_the_position_of_a_write_is_what_a_list_waits_for(office: Office) -> None:
    response = await office.http.post("/v1/deliveries", json=GIVEN)
    assert (await office.get("/v1/deliveries"))["items"] == []
    position = response.headers["event-position"]
    assert len((await office.get("/v1/deliveries", after=position))["items"]) == 1
    assert (await office.http.get("/v1/deliveries", params={"after": "x"})).status_code == 422


async def test_lists_are_filtered_and_paged_newest_first(office: Office) -> None:
    for n in range(5):
        await office.post("/v1/deliveries", GIVEN | {"staff": f"s{n % 2}", "at": f"2026-03-0{n + 1}T09:00:00Z"})
    await office.post("/v1/deliveries", GIVEN | {"customer": MINH})
    await office.follow()

    first = await office.get("/v1/deliveries", customer=LAN, limit=3)
    second = await office.get("/v1/deliveries", customer=LAN, limit=3, cursor=first["next_cursor"])
    moments = [item["at"][:10] for item in first["items"] + second["items"]]
    assert moments == [f"2026-03-0{n}" for n in (5, 4, 3, 2, 1)]
    assert second["next_cursor"] is None
    assert len((await office.get("/v1/deliveries", staff="s1"))["items"]) == 2
    assert (await office.get("/v1/deliveries", state="planned"))["items"] == []


async def test_planned_care_is_due_until_it_is_given_and_given_once(office: Office) -> None:
    await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
    await office.follow()
    (due,) = (await office.get("/v1/due", until="2026-03-20"))["items"]
    assert (due["customer"], due["programme"], due["why"]) == (LAN, "welcome", "customer.acquired")
    assert (due["due"], due["overdue"]) == ("2026-03-16T12:00:00Z", False)
    assert (await office.get("/v1/due"))["items"] == [], "it is not due today"

    keeping = {"customer": LAN, "programme": "welcome", "planned": due["id"], "at": "2026-03-13T12:00:00Z"}
    assert await office.post("/v1/deliveries", keeping) == {"id": due["id"]}
    assert await office.post("/v1/deliveries", keeping, 200) == {"id": due["id"]}, "another caller tells it again"
    assert await office.post("/v1/deliveries", keeping, 200, key="later") == {"id": due["id"]}

    one = await office.get(f"/v1/deliveries/{due['id']}")
    assert (one["state"], one["on_time"], one["why"]) == ("delivered", True, "customer.acquired")
    await office.follow()
    assert (await office.get("/v1/due", until="2026-03-20"))["items"] == []
    assert (await office.get("/v1/deliveries", state="delivered"))["items"] == [one]


async def test_a_plan_must_be_known_and_the_customers_own(office: Office) -> None:
    await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
    await office.follow()
    (due,) = (await office.get("/v1/due", until="2026-03-20"))["items"]
    plan = {"customer": MINH, "programme": "welcome", "planned": due["id"]}
    await office.refused("/v1/deliveries", plan, 422, "other_customer", "/planned")
    await office.refused("/v1/deliveries", plan | {"planned": LAN}, 404, "unknown_delivery")


async def test_promises_are_made_in_a_contact_and_kept_on_time_or_late(office: Office) -> None:
    made = await office.post("/v1/touchpoints", CONTACT | {"promises": [PROMISE, PROMISE]}, key="t")
    assert await office.post("/v1/touchpoints", CONTACT | {"promises": [PROMISE, PROMISE]}, key="t") == made
    in_time, late = (promise["id"] for promise in made["promises"])

    kept = await office.post(f"/v1/promises/{in_time}/kept", {"at": "2026-03-04T09:00:00Z"}, 200)
    assert kept == {"id": in_time, "state": "kept"}
    assert (await office.http.post(f"/v1/promises/{late}/kept")).status_code == 200, "no body: it was kept just now"
    assert await office.post(f"/v1/promises/{late}/kept", {}, 200) == {"id": late, "state": "kept"}, "already"

    assert (await office.get(f"/v1/promises/{in_time}"))["late"] is False
    one = await office.get(f"/v1/promises/{late}")
    assert (one["late"], one["what"], one["touchpoint"]) == (True, PROMISE["what"], made["id"])
    assert (await office.get(f"/v1/touchpoints/{made['id']}"))["customer"] == one["customer"]
    await office.follow()
    listed = (await office.get("/v1/promises", owner="lan", state="kept"))["items"]
    assert one in listed
    assert len(listed) == 2
    assert len((await office.get("/v1/touchpoints", customer=one["customer"]))["items"]) == 1
    other = await office.post("/v1/touchpoints", CONTACT | {"promises": [PROMISE]})
    await office.follow()
    for contact in (made, other):
        found = (await office.get("/v1/promises", touchpoint=contact["id"]))["items"]
        assert {each["id"] for each in found} == {each["id"] for each in contact["promises"]}


async def test_what_was_promised_is_nowhere_in_plain(office: Office) -> None:
    await office.post("/v1/touchpoints", CONTACT | {"promises": [PROMISE]})
    await office.follow()
    folder = office.platform.settings.data_dir
    kept = b"".join(path.read_bytes() for path in folder.glob("care.db*"))
    assert "Mrs Đỗ".encode() not in kept
    assert (await office.get("/v1/promises"))["items"][0]["what"] == PROMISE["what"]


@pytest.mark.parametrize("what", ["deliveries", "touchpoints", "promises"])
async def test_what_is_unknown_is_404_and_what_is_no_id_422(office: Office, what: str) -> None:
    assert (await office.http.get(f"/v1/{what}/{LAN}")).status_code == 404
    assert (await office.http.get(f"/v1/{what}/pos:1")).status_code == 422
    assert (await office.http.get(f"/v1/{what}", params={"customer": "pos:1"})).status_code == 422
    await office.refused(f"/v1/promises/{LAN}/kept", {}, 404, "unknown_promise")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/deliveries", GIVEN | {"colour": "red"}, ""),
        ("/v1/deliveries", GIVEN | {"customer": "no customer"}, "/customer"),
        ("/v1/deliveries", GIVEN | {"on_time": 1}, "/on_time"),
        ("/v1/deliveries", GIVEN | {"cost": {"amount": "-1", "currency": "USD"}}, "/cost/amount"),
        ("/v1/deliveries", GIVEN | {"at": "2026-03-13T12:06:00Z"}, "/at"),
        ("/v1/deliveries", {"customer": LAN}, "/programme"),
        ("/v1/touchpoints", CONTACT | {"direction": "up"}, "/direction"),
        ("/v1/touchpoints", CONTACT | {"promises": [PROMISE | {"due": "2026-03-04"}]}, "/promises/0/due"),
        ("/v1/touchpoints", CONTACT | {"promises": [{"what": "x", "due": PROMISE["due"]}]}, "/promises/0/owner"),
        ("/v1/touchpoints", CONTACT | {"promises": [PROMISE | {"what": "a\u0000b"}]}, "/promises/0/what"),
    ],
)
async def test_a_body_that_is_not_of_its_form_is_refused_where_it_is_at_fault(
    office: Office, path: str, body: dict[str, Any], pointer: str
) -> None:
    response = await office.http.post(path, json=body)
    assert response.status_code == 422, response.text
    assert pointer in [param["pointer"] for param in response.json()["invalid_params"]]
    assert response.headers["content-type"] == "application/problem+json"
    assert office.clock.now() == NOW
