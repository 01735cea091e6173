"""What time brings about: promises broken and care missed, once, whoever looks; and a name that no engine changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from libs.events.catalogue.customers import CustomerAcquired
from services.care.app import SERVICE
from services.care.settings import CareSettings
from services.care.timers import run_out, tick
from tests.services.care.office import LAN, Office, open_office

PROMISE = {"what": "call", "due": "2026-03-14T12:00:00Z", "owner": "lan"}
OLD = PROMISE | {"due": "2026-02-01T12:00:00Z"}
CONTACT = {"customer": LAN, "staff": "lan", "channel": "phone"}


async def states(office: Office) -> list[str]:
    await office.follow()
    return [p["state"] for p in (await office.get("/v1/promises"))["items"]]


async def test_a_promise_is_broken_a_while_after_it_was_due_and_may_still_be_kept(office: Office) -> None:
    made = await office.post("/v1/touchpoints", CONTACT | {"promises": [PROMISE]})
    await office.follow()
    office.clock.advance(timedelta(days=1, hours=23))
    (looking,) = SERVICE.periodics(office.platform)
    assert await looking.run() == 0, "it is merely late"
    office.clock.advance(timedelta(hours=2))
    units = await run_out(office.platform, CareSettings())
    assert await tick(office.platform, CareSettings()) == 1
    outcomes = await office.platform.store.execute_all(units)
    assert [v.status for o in outcomes for v in o.verdicts] == ["already"], "somebody else looked at the same time"
    assert await states(office) == ["broken"]

    facts = await office.platform.store.history(LAN)
    assert facts[-1].cause == facts[1].id, "it is no fact of the customer's own history"
    await office.post(f"/v1/promises/{made['promises'][0]['id']}/kept", {}, 200)
    assert await states(office) == ["kept"]
    assert await tick(office.platform, CareSettings()) == 0


async def test_what_came_in_long_after_it_ran_out_is_left_alone(office: Office) -> None:
    await office.post("/v1/touchpoints", CONTACT | {"promises": [OLD]})
    await office.follow()
    assert await tick(office.platform, CareSettings()) == 0
    assert await states(office) == ["open"]


async def test_planned_care_is_missed_a_while_after_it_was_due(office: Office) -> None:
    await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
    await office.follow()
    office.clock.advance(timedelta(days=5))
    (due,) = (await office.get("/v1/due"))["items"]
    assert due["overdue"] is True
    assert await tick(office.platform, CareSettings()) == 0
    office.clock.advance(timedelta(days=6))
    assert await tick(office.platform, CareSettings()) == 1
    await office.follow()
    assert (await office.get("/v1/due"))["items"] == []
    (missed,) = (await office.get("/v1/deliveries", state="missed"))["items"]
    assert missed["id"] == due["id"]


async def test_it_is_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_office(postgres_url, tmp_path) as office:
        await test_a_promise_is_broken_a_while_after_it_was_due_and_may_still_be_kept(office)
        cost = {"amount": "2.50", "currency": "USD"}
        await office.post("/v1/deliveries", {"customer": LAN, "programme": "gift", "on_time": True, "cost": cost})
        await office.hear(LAN, CustomerAcquired(channel="shop"), "profile")
        await office.follow()
        first = await office.get("/v1/deliveries", customer=LAN, limit=1)
        second = await office.get("/v1/deliveries", customer=LAN, limit=1, cursor=first["next_cursor"])
        assert {first["items"][0]["state"], second["items"][0]["state"]} == {"planned", "delivered"}
        assert len((await office.get("/v1/due", until="2026-04-01"))["items"]) == 1
