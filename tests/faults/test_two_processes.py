"""Two processes on the same databases, the files of the embedded engine among them: each command has its effect once,
whoever is faster, and though one of them is killed."""

from __future__ import annotations

import asyncio

from tests.faults.conftest import Undisturbed
from tests.faults.load import Load
from tests.faults.nursery import Nursery
from tests.faults.workload import workload
from tests.faults.world import Place, world

FACTS = ("profile", "care", "complaints", "scoring")
CONSUMERS = ("scoring views", "care reactions")


async def test_both_are_told_the_same(place: Place, nursery: Nursery, undisturbed: Undisturbed) -> None:
    async with world(place, FACTS, CONSUMERS) as here:
        load = Load(here, workload())
        async with here.running():
            await asyncio.gather(load.run(), nursery.dies(place, "profile", "load", "told", 1))
            await here.settled()
        assert await here.outcome() == undisturbed(FACTS, CONSUMERS)
