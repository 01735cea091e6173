"""A fact that cannot be applied stops its own subject; all others are as if it were not there, and so is everybody once
an operator has decided."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from libs.events.catalogue import TOPICS
from libs.events.consuming.quarantine import Entry, Quarantine
from libs.events.envelope import Event
from libs.events.identities import Identities
from libs.events.store.database import Transaction
from libs.events.vault import LocalKeyProvider
from services.scoring.projections import facts, people
from tests.faults.conftest import Undisturbed
from tests.faults.workload import workload
from tests.faults.world import Place, World, last_numbers, marks, world

NAMES, VIEWS = ("profile", "scoring"), ("scoring views",)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch, place: Place, undisturbed: Undisturbed) -> str:
    """One customer, whose acquisition scoring cannot take; their id."""
    undisturbed(NAMES, VIEWS)  # what is compared to must have been made before
    victim = Identities(bytes.fromhex(place.settings().secret)).of_reference("pos:4")

    async def choke(tx: Transaction, event: Event) -> None:
        if event.subject == victim:
            raise KeyError("a bug")

    monkeypatch.setitem(facts._CHANGES, "customer.acquired", choke)
    return victim


async def stopped(running: World, victim: str) -> tuple[Quarantine, Entry]:
    """Waits until the bad fact is in quarantine, and everything of everybody else was applied."""
    master = bytes.fromhex(running.place.settings().master_key)
    scoring = running["scoring"].platform
    quarantine = Quarantine(scoring.database, LocalKeyProvider(master).service_key("scoring"), scoring.clock)
    async with asyncio.timeout(30):
        while True:
            want = await last_numbers(running["profile"])
            found = await marks(running["scoring"], "views")
            if {s for s, n in want.items() if found.get(("profile", s)) != n} == {victim}:
                (entry,) = await quarantine.list(consumer="views")
                return quarantine, entry
            await asyncio.sleep(0.05)


async def test_retried_once_the_cause_is_mended(
    place: Place, undisturbed: Undisturbed, poison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(place, NAMES, VIEWS) as running, running.running():
        await running.tell(workload())
        quarantine, entry = await stopped(running, poison)
        assert (entry.kind, entry.subject, entry.reason, entry.error) == ("fact", poison, "cannot_apply", "KeyError")
        shown = await quarantine.show(entry.id)
        assert shown.record is not None
        assert shown.record.topic == TOPICS["profile"]
        monkeypatch.undo()
        await quarantine.retry(entry.id)
        await running.settled()
        assert await running.outcome() == undisturbed(NAMES, VIEWS)


async def test_discarded(place: Place, undisturbed: Undisturbed, poison: str) -> None:
    calm: dict[str, Any] = undisturbed(NAMES, VIEWS)
    async with world(place, NAMES, VIEWS) as running, running.running():
        await running.tell(workload())
        quarantine, entry = await stopped(running, poison)
        await quarantine.discard(entry.id)
        await running.settled()
        database = running["scoring"].platform.database
        numbers = [fact.sequence for fact in (await people.find(database, poison)).facts]
        count = (await last_numbers(running["profile"]))[poison]
        assert sorted(numbers) == [n for n in range(1, count + 1) if n != entry.sequence]
        others = {who: (await people.find(database, who)).facts for who in calm["scores"] if who != poison}
        assert all(others.values())
        assert await running.quarantined() == 0
