"""Who was replaced and does not know it changes nothing: consumers are fenced by their offsets, relays only repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from libs.events.clock import SystemClock
from libs.events.consuming import metrics
from libs.events.log import Consumer, Locate, Outgoing, Record, Slot, Topic
from libs.events.log.opening import open_log
from libs.events.relay import Relay
from libs.events.store.outbox import open_outbox
from tests.faults.conftest import Engines, Undisturbed
from tests.faults.test_cut_connections import CUT
from tests.faults.test_skips import TOPIC, committed, everything, told
from tests.faults.workload import workload
from tests.faults.world import NamedLog, Place, world
from tests.support.shop import AT, Buy, one
from tests.support.stores import SHARDS, open_store

FACTS = ("profile", "care", "complaints", "scoring")
VIEWS = ("scoring views",)


class Rival(NamedLog):
    """The log as another group reads it, and so all of it: what a member sees that does not know it was replaced."""

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        return Few(super().consumer(f"{group}.rival", topics, locate, member))


class Few:
    """Small batches, so that both take turns. `late`: what was fetched is held back until then."""

    def __init__(self, inner: Consumer) -> None:
        self.inner, self.late, self.held = inner, asyncio.Event(), asyncio.Event()
        self.rewound = asyncio.Event()
        self.start, self.advise, self.lag, self.stop = inner.start, inner.advise, inner.lag, inner.stop
        self.late.set()

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        found = await self.inner.fetch(min(max_records, 9), timeout)
        if found:
            self.held.set()
            await self.late.wait()
        return found

    async def rewind(self) -> None:
        self.rewound.set()
        await self.inner.rewind()


def fenced() -> float:
    """How often scoring's views were fenced in this process."""
    return float(metrics.fenced.labels(service="scoring", consumer="views")._value.get())


async def test_two_of_one_consumer_at_once(place: Place, undisturbed: Undisturbed) -> None:
    rival = Rival(open_log(place.log_url))
    async with world(place, FACTS, VIEWS) as one_of_them, world(place, ["scoring"], VIEWS, log=rival) as other:
        async with one_of_them.running(), other.running():
            await one_of_them.tell(workload())
            await one_of_them.settled()
        assert await one_of_them.outcome() == undisturbed(FACTS, VIEWS)


async def test_what_a_zombie_fetched_before_it_was_replaced(place: Place, undisturbed: Undisturbed) -> None:
    rival = Rival(open_log(place.log_url))
    async with world(place, FACTS, VIEWS) as living, world(place, ["scoring"], VIEWS, log=rival) as dead:
        before = fenced()
        (projector,) = dead["scoring"].projectors
        stream: Any = projector._from
        stream.late.clear()
        await living.tell(workload())
        for name in ("profile", "care", "complaints"):
            while await living[name].relay.once():
                pass
        zombie = asyncio.create_task(projector.run())
        async with asyncio.timeout(30):
            await stream.held.wait()
        await living.settle()
        stream.late.set()
        async with asyncio.timeout(30):
            await stream.rewound.wait()
        assert fenced() == before + 1
        projector.stop()
        await zombie
        assert await living.outcome() == undisturbed(FACTS, VIEWS)


class Slow(NamedLog):
    """A log on which half of a batch arrives, and the other half after `going_on`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.half_done, self.going_on = asyncio.Event(), asyncio.Event()

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        batch = list(records)
        half = len(batch) // 2
        await self.inner.publish(topic, batch[:half])
        self.half_done.set()
        await self.going_on.wait()
        await self.inner.publish(topic, batch[half:])


async def test_a_relay_whose_connection_is_cut_in_the_middle_of_a_batch(engines: Engines) -> None:
    """Another relay takes over and gets further; then the first goes on, and clears up what it thinks it sent."""
    log = open_log(engines.log_url)
    slow = Slow(open_log(engines.log_url))
    await log.start()
    await slow.start()
    await log.ensure([Topic(TOPIC, 3)])
    async with open_store(engines.database_url, clock=SystemClock()) as opened:
        for n in range(20):
            await opened.store.execute(one(f"c{n % 3}", Buy(at=AT, order=f"o{n}"), f"k{n}"))
        zombie = asyncio.create_task(Relay("profile", TOPIC, opened.outbox, slow).once())
        await slow.half_done.wait()
        if engines.name == "distributed":
            await cut(engines.database_url)
        successor = Relay("profile", TOPIC, open_outbox(opened.database, SHARDS), log)
        for n in range(20, 40):
            await opened.store.execute(one(f"c{n % 3}", Buy(at=AT, order=f"o{n}"), f"k{n}"))
        while await successor.once():
            pass
        for n in range(40, 45):
            await opened.store.execute(one(f"c{n % 3}", Buy(at=AT, order=f"o{n}"), f"k{n}"))
        slow.going_on.set()
        await asyncio.gather(zombie, return_exceptions=True)
        while await successor.once():
            pass
        assert told(await everything(log)) == await committed(opened)
    await slow.stop()
    await log.stop()


async def cut(url: str) -> None:
    """Ends the product's connections to the database."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    await line.execute(CUT)
    await line.close()
