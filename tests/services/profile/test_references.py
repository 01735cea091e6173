"""Whoever is first heard of by a reference shows it: a till's operator looks for the customer by what the till says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from libs.events.catalogue.care import TouchpointRecorded
from libs.events.vault.vault import vault_keys
from services.profile.app import SERVICE
from services.scoring.domain.fact import Fact, state_hash
from tests.services.house import House, open_house

TILL = "pos:till-Kvq77310"
TEN = {"amount": "10.00", "currency": "USD"}
WON = {"approach": "call", "by": "lan", "outcome": "came back"}
TOLD: list[tuple[str, dict[str, Any]]] = [
    ("customer.purchased", {"order": "o", "amount": TEN}),
    ("customer.acquired", {"channel": "shop"}),
    ("customer.lost", {"reason": "moved"}),
    ("customer.consented", {"purpose": "survey", "granted": True}),
]


def bought(n: int) -> dict[str, Any]:
    return {"order": f"o{n}", "amount": TEN}


def id_of(house: House, ref: str = TILL) -> str:
    return house.platform.identities.of_reference(ref)


async def read(house: House, ref: str = TILL) -> dict[str, Any]:
    await house.follow()
    return dict(await house.get(f"/v1/customers/{id_of(house, ref)}"))


async def opened(house: House) -> int:
    return sum(e.type == "customer.recorded" for e in await house.facts())


async def keys(house: House) -> int:
    async with house.platform.database.read() as reader:
        return int((await reader.conn.execute(select(func.count()).select_from(vault_keys))).scalar_one())


@pytest.mark.parametrize(("kind", "data"), TOLD)
async def test_a_bare_record_shows_what_it_was_named_by(house: House, kind: str, data: dict[str, Any]) -> None:
    await house.publish(kind, data, TILL)
    found = await read(house)
    assert (found["bare"], found["refs"]) == (True, [TILL])
    (listed,) = (await house.get("/v1/customers"))["items"]
    assert listed == found
    (sought,) = (await house.post_read("/v1/customers/search", {"q": TILL}))["items"]
    assert (sought["id"], sought["refs"]) == (found["id"], [TILL])


async def test_it_is_told_once_however_much_is_bought(house: House) -> None:
    for n in range(5):
        await house.publish("customer.purchased", bought(n), TILL)
    assert (await opened(house), await keys(house), len(await house.facts())) == (1, 1, 6)


async def test_purchases_in_bulk_tell_it_too(house: House) -> None:
    body = {"items": [bought(n) | {"customer": TILL} for n in range(2)]}
    assert (await house.http.post("/v1/customers/purchases/bulk", json=body)).status_code == 200
    assert (await read(house))["refs"] == [TILL]


async def test_who_is_known_without_it_shows_it_from_the_next_event_on(house: House) -> None:
    """As those are who were heard of before bare records kept it, and those of whom another service heard first."""
    customer = id_of(house)
    await house.hear(customer, TouchpointRecorded(touchpoint="t1", staff="lan", channel="phone"), "care")
    await house.publish("customer.purchased", bought(1), customer)
    assert (await read(house))["refs"] is None
    assert await keys(house) == 0
    before = state_hash(map(Fact.of, await house.facts()))
    tag = (await house.http.get(f"/v1/customers/{customer}")).headers["etag"]
    await house.publish("customer.acquired", {"channel": "shop"}, TILL)
    assert (await read(house))["refs"] == [TILL]
    assert (await house.http.get(f"/v1/customers/{customer}")).headers["etag"] != tag
    facts = [e for e in await house.facts() if e.type != "customer.acquired"]
    assert state_hash(map(Fact.of, facts)) == before, "a reference is nobody's history"


async def test_a_statement_takes_it_in(house: House) -> None:
    await house.publish("customer.purchased", bought(1), TILL)
    told = {"ref": TILL, "refs": ["crm:2"], "kind": "external", "name": "An"}
    made = await house.post("/v1/customers/upsert", told)
    assert (made["created"], made["refs"]) == (True, [TILL, "crm:2"])
    await house.publish("customer.purchased", bought(2), TILL)
    assert (await read(house))["refs"] == [TILL, "crm:2"]
    assert await opened(house) == 2


async def test_one_merged_before_they_were_heard_of_is_there_when_that_is_undone(house: House) -> None:
    await house.post("/v1/customers/upsert", {"ref": "crm:1", "refs": [TILL], "kind": "external", "name": "An"})
    await house.publish("customer.purchased", bought(1), TILL)
    assert (await read(house))["refs"] == ["crm:1", TILL]
    (merge,) = (await house.get("/v1/merges"))["items"]
    await house.post(f"/v1/merges/{merge['id']}/undo", {}, 200)
    found = await read(house)
    assert (found["id"], found["refs"], found["stage"]) == (id_of(house), [TILL], "active")
    assert len((await house.get("/v1/customers"))["items"]) == 2


async def test_whoever_is_merged_by_reference_shows_both(house: House) -> None:
    await house.publish("customer.merged", {"survivor": TILL, "merged": "web:1"})
    assert (await read(house))["refs"] == [TILL, "web:1"]


async def test_it_is_sealed_and_forgotten(house: House) -> None:
    await house.publish("customer.purchased", bought(1), TILL)
    await house.follow()
    kept = b"".join(file.read_bytes() for file in sorted(house.platform.settings.data_dir.glob("profile.db*")))
    assert id_of(house).encode() in kept
    assert TILL.encode() not in kept
    assert b"Kvq77310" not in kept
    await house.post(f"/v1/customers/{id_of(house)}/erasure", {"reason": "request"}, 202)
    assert await keys(house) == 0
    assert (await house.http.get(f"/v1/customers/{id_of(house)}")).status_code == 410


async def test_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_it_is_told_once_however_much_is_bought(house)
        assert (await read(house))["refs"] == [TILL]
