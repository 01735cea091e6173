"""A store that is restored from a backup gives the numbers of its lost facts to new ones. In a new epoch that is well;
where the operator forgot it, every such fact is told of, and none is dropped quietly."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from libs.events.catalogue import TOPICS
from libs.events.consuming import rebuild
from libs.events.consuming.tables import quarantine
from libs.events.store.epochs import begin_epoch
from services.scoring.projections.facts import Facts
from tests.faults.conftest import Undisturbed, embedded
from tests.faults.workload import NOW, Told, workload
from tests.faults.world import Place, World, last_numbers, world

NAMES, VIEWS = ("profile", "scoring"), ("scoring views",)
HOUR = timedelta(hours=1)
EVENTS = [told for told in workload() if told[0] == "profile"]
KEPT, LOST = EVENTS[:40], EVENTS[40:]


async def live(place: Place, events: list[Told], hours: int) -> None:
    async with world(place, NAMES, VIEWS, now=NOW + hours * HOUR) as living:
        await living.tell(events)
        await living.settle()


async def restored(tmp_path: Path) -> Place:
    """Profile lives on with a backup that lacks its latest facts, which scoring has heard."""
    place = embedded(tmp_path)
    await live(place, KEPT, 0)
    shutil.copy(tmp_path / "profile.db", tmp_path / "backup")
    await live(place, LOST, 1)
    shutil.move(tmp_path / "backup", tmp_path / "profile.db")
    return place


async def numbers(running: World) -> int:
    return sum((await last_numbers(running["profile"])).values())


async def test_in_a_new_epoch_all_is_as_if_nothing_had_been_lost(tmp_path: Path, undisturbed: Undisturbed) -> None:
    place = await restored(tmp_path)
    async with world(place, NAMES, VIEWS) as prepared:
        before = await numbers(prepared)
        assert await begin_epoch(prepared["profile"].platform.database) == 1
    async with world(place, NAMES, VIEWS, now=NOW + 2 * HOUR) as again:
        await again.tell(LOST)
        assert await numbers(again) > before
        await again.settle()
        assert await again.outcome() == undisturbed(NAMES, VIEWS)
        # a rebuild reads both lives, and comes to the same
        await rebuild(again["scoring"].platform.database, [Facts()])
        await again.settle()
        assert await again.outcome() == undisturbed(NAMES, VIEWS)


async def test_in_the_same_epoch_every_fact_under_a_taken_number_is_told_of(tmp_path: Path) -> None:
    place = await restored(tmp_path)
    async with world(place, NAMES, VIEWS, now=NOW + 2 * HOUR) as again:
        before = await numbers(again)
        await again.tell(LOST)
        new = await numbers(again) - before
        async with again.running():
            await again.hears_of(new)
        async with again["scoring"].platform.database.read() as reader:
            rows = (await reader.conn.execute(select(quarantine))).all()
        assert {(row.kind, row.reason, row.topic) for row in rows} == {("fork", "fork", TOPICS["profile"])}
        assert len(rows) == new
