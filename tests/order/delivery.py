"""A log that delivers as badly as a log may: each subject's facts in order, everything else as the dice say."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from libs.events.catalogue import TOPICS
from libs.events.envelope import Event
from libs.events.log import Consumer, Locate, Record, Slot
from tests.support.facts import FakeConsumer, FakeLog

PARTITIONS = 3


def in_order(events: Iterable[Event]) -> FakeLog:
    """Everything as it was recorded."""
    log = FakeLog(records=empty())
    for event in events:
        log.put(event, topic=TOPICS[event.service], partition=partition(event))
    return log


def empty() -> dict[tuple[str, int], list[Record]]:
    """All slots there are."""
    return {(topic, number): [] for topic in TOPICS.values() for number in range(PARTITIONS)}


def partition(event: Event) -> int:
    """Where a subject's facts go; another place in every topic, as it were with other numbers of partitions."""
    return zlib.crc32(f"{event.service} {event.subject}".encode()) % PARTITIONS


@dataclass
class RoughLog(FakeLog):
    """Subjects interleaved anyhow within a partition; stretches told twice; batches of any size from any slots."""

    dice: random.Random = field(default_factory=random.Random)

    @classmethod
    def of(cls, events: Sequence[Event], dice: random.Random) -> RoughLog:
        """The facts in some order that Kafka could have them in."""
        log = cls(dice=dice, records=empty())
        queues: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            queues.setdefault((event.service, event.subject), []).append(event)
        waiting = list(queues.values())
        by_slot: dict[tuple[str, int], list[Event]] = {}
        while waiting:
            queue = dice.choice(waiting)
            event = queue.pop(0)
            by_slot.setdefault((TOPICS[event.service], partition(event)), []).append(event)
            waiting = [q for q in waiting if q]
        for (topic, number), told in by_slot.items():
            log.put(*twice(told, dice), topic=topic, partition=number)
        return log

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        made = RoughConsumer(self, topics, locate, dice=self.dice)
        self.consumers.append(made)
        return made


def twice(told: list[Event], dice: random.Random) -> list[Event]:
    """With a stretch of it published again, as a relay does that died before it could note the first time."""
    if dice.random() < 0.5:
        return told
    start = dice.randrange(len(told))
    end = dice.randint(start, len(told))
    return [*told[:end], *told[start:]]


@dataclass
class RoughConsumer(FakeConsumer):
    """Gives a few records of a few slots at a time; now and then some from before the seek."""

    dice: random.Random = field(default_factory=random.Random)
    strays: int = 2

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        slots = [Slot(t, p, self.log.topic_id) for t, p in sorted(self.log.records) if t in self.topics]
        if new := [s for s in slots if s not in self.positions]:
            self.positions |= await self.locate(new)
        if self.strays and self.dice.random() < 0.1:
            self.strays -= 1
            slot = self.dice.choice(slots)
            if before := self.log.records[slot.topic, slot.partition][: self.positions[slot]]:
                return {slot: before[self.dice.randrange(len(before)) :]}
        behind = [s for s in slots if self.positions[s] < len(self.log.records[s.topic, s.partition])]
        found = {}
        for slot in self.dice.sample(behind, self.dice.randint(1, len(behind))) if behind else ():
            at, records = self.positions[slot], self.log.records[slot.topic, slot.partition]
            some = records[at : at + self.dice.choice([1, 2, 5, 100])]
            found[slot] = some
            self.positions[slot] += len(some)
        return found

    @property
    def done(self) -> bool:
        """Whether everything was given."""
        return bool(self.positions) and all(
            at == len(self.log.records[s.topic, s.partition]) for s, at in self.positions.items()
        )
