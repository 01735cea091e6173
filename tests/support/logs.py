"""What the log's contract is tested with: records, and readers that keep their offsets as a service does."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from libs.events.log import Consumer, Log, Outgoing, Record, Slot, Unavailable
from libs.events.log.opening import open_log

PATIENCE = 30.0


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Any]:
    """A started log; `Any` for it has `drop`, too, which is not the port's."""
    log = open_log(url)
    await log.start()
    try:
        yield log
    finally:
        await log.stop()


def numbered(count: int, keys: int = 7, first: int = 0, by: str = "") -> list[Outgoing]:
    """Records whose value says which they are, and whose headers are those of an event."""
    headers = [(f"ce_{name}", name.encode() * 3) for name in "abcdefghijkl"]
    return [Outgoing(f"{by}key-{i % keys}".encode(), f"{by}{i}".encode(), headers) for i in range(first, first + count)]


async def persist(log: Log, topic: str, records: Sequence[Outgoing]) -> None:
    """Publishes again until it is confirmed, as the relay does."""
    while True:
        try:
            return await log.publish(topic, records)
        except Unavailable:
            await asyncio.sleep(0.05)


class Reader:
    """A consumer and the offsets of its service; `stored` may be shared with other members.

    Every batch must begin where `Locate` or the batch before it left off. That is what every adapter promises, and
    what a batch from before the seek, or from another life of the topic, would break.
    """

    def __init__(self, log: Log, topics: Sequence[str], group: str = "group", member: str = "",
                 stored: dict[Slot, int] | None = None, delay: float = 0) -> None:
        self.consumer: Consumer = log.consumer(group, topics, self.locate, member)
        self.stored = {} if stored is None else stored
        self.delay = delay
        self.asked: list[set[Slot]] = []
        self.expected: dict[Slot, int] = {}
        self.records: list[Record] = []
        self.loose = False                  # where the test lets offsets be missing

    async def locate(self, slots: Sequence[Slot]) -> dict[Slot, int]:
        """As a service answers, from its database; `delay` makes it a slow one."""
        await asyncio.sleep(self.delay)
        self.asked.append(set(slots))
        self.expected = {slot: self.stored.get(slot, 0) for slot in slots}
        return {slot: offset for slot, offset in self.expected.items() if offset}

    async def step(self, most: int = 1000, wait: float = 0.2) -> int:
        """Fetches once, checks and stores; answers how many records came."""
        found = await self.consumer.fetch(most, wait)
        for slot, records in found.items():
            assert slot in self.expected, f"{slot} was never located"
            assert records
            offsets = [record.offset for record in records]
            if not self.loose:
                assert offsets[0] == self.expected[slot], f"{slot} went on at {offsets[0]}, not {self.expected[slot]}"
            assert offsets == sorted(set(offsets))
            assert all((record.topic, record.partition) == (slot.topic, slot.partition) for record in records)
            self.expected[slot] = self.stored[slot] = offsets[-1] + 1
            self.records += records
        await self.consumer.advise({slot: self.stored[slot] for slot in found})
        return sum(map(len, found.values()))

    async def read(self, count: int, within: float = PATIENCE) -> list[Record]:
        """Goes on until `count` records were read in all."""
        end = time.monotonic() + within
        while len(self.records) < count:
            assert time.monotonic() < end, f"{len(self.records)} of {count} records came within {within} s"
            await self.step()
        return self.records

    async def quiet(self, wait: float = 0.5) -> None:
        """Checks that nothing more comes."""
        assert await self.consumer.fetch(1000, wait) == {}


@asynccontextmanager
async def reading(log: Log, *topics: str, **how: Any) -> AsyncIterator[Reader]:
    """A started reader."""
    reader = Reader(log, topics or ("t",), **how)
    await reader.consumer.start()
    try:
        yield reader
    finally:
        await reader.consumer.stop()


def by_key(records: Sequence[Record]) -> dict[bytes, list[bytes]]:
    """The values of every key, as they came."""
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for record in records:
        assert record.key is not None
        found[record.key].append(record.value)
    return found


def first_of_each(values: Sequence[bytes]) -> list[bytes]:
    """What is left once repetitions are dropped."""
    return list(dict.fromkeys(values))
