"""A topic that was lost comes back from the store: no consumer is told, none repeats or misses anything."""

from __future__ import annotations

from typing import Any

from libs.events.catalogue import TOPICS
from libs.events.log import Topic
from libs.events.log.opening import open_log
from libs.runtime.republish import republish
from tests.faults.conftest import Undisturbed
from tests.faults.workload import workload
from tests.faults.world import PARTITIONS, Place, world

FACTS = ("profile", "care", "complaints", "scoring")
CONSUMERS = ("scoring views", "care reactions")


async def test_deleted_made_anew_and_filled_again(place: Place, undisturbed: Undisturbed) -> None:
    events = workload()
    log: Any = open_log(place.log_url)  # to delete topics is not the port's
    async with world(place, FACTS, CONSUMERS, log=log) as running:
        async with running.running():
            await running.tell(events[: len(events) // 2])
            await running.settled()
            await log.drop(TOPICS["profile"])
            await running.tell(events[len(events) // 2 :])
            await log.ensure([Topic(TOPICS["profile"], PARTITIONS)])
            await republish("profile", running["profile"].platform.database, log, TOPICS["profile"])
            await running.settled()
        assert await running.outcome() == undisturbed(FACTS, CONSUMERS)
