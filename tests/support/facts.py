"""Facts as records, and a log in memory that does what the test says: for tests of consumers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from libs.events.envelope import HEADERS, Event
from libs.events.log import Consumer, Locate, Outgoing, Record, Slot, Topic
from tests.support.shop import AT

TOPIC = "careledger.customers"


def fact(subject: str, sequence: int, *, amount: str = "1.00", epoch: int = 0, at: datetime = AT, **more: Any) -> Event:
    """A purchase; its id follows from what it is."""
    values: dict[str, Any] = {
        "id": f"{subject}-{sequence}-{epoch}", "type": "customer.purchased", "version": 1, "service": "profile",
        "time": at, "recorded": at + timedelta(seconds=min(sequence, 9999)), "key": f"k{subject}{sequence}",
        "data": {"order": f"o{sequence}", "amount": {"amount": amount, "currency": "USD"}},
    }  # fmt: skip
    return Event(subject=subject, sequence=sequence, epoch=epoch, **(values | more))


def outgoing(event: Event) -> Outgoing:
    """The fact as the relay publishes it."""
    import orjson

    headers = [(n, v.encode()) for n, v in zip(HEADERS, event.attributes(), strict=True) if v]
    return Outgoing(event.subject.encode(), orjson.dumps(event.data), headers)


@dataclass
class FakeLog:
    """A log in memory. `topic_id` is the life of its topics."""

    topic_id: str = "life-1"
    records: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    consumers: list[FakeConsumer] = field(default_factory=list)

    def put(self, *events: Event | Outgoing, topic: str = TOPIC, partition: int = 0) -> None:
        """Publishes to one partition."""
        records = self.records.setdefault((topic, partition), [])
        for event in events:
            out = outgoing(event) if isinstance(event, Event) else event
            records.append(Record(topic, partition, len(records), out.key, out.value, dict(out.headers)))

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def ensure(self, topics: Sequence[Topic]) -> None: ...

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        self.put(*records, topic=topic)

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        made = FakeConsumer(self, topics, locate)
        self.consumers.append(made)
        return made

    async def ends(self, topic: str) -> dict[Slot, int]:
        return {Slot(t, p, self.topic_id): len(r) for (t, p), r in self.records.items() if t == topic}


@dataclass
class FakeConsumer:
    """Reads a FakeLog. `stray`: what it delivers before it seeks. `faults`: what the next fetches raise."""

    log: FakeLog
    topics: Sequence[str]
    locate: Locate
    positions: dict[Slot, int] = field(default_factory=dict)
    stray: list[dict[Slot, list[Record]]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    advised: dict[Slot, int] = field(default_factory=dict)
    seen: set[Slot] = field(default_factory=set)

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        if self.faults:
            raise self.faults.pop(0)
        if self.stray:
            return self.stray.pop(0)
        slots = [Slot(t, p, self.log.topic_id) for t, p in self.log.records if t in self.topics]
        if new := [s for s in slots if s not in self.positions]:
            self.positions |= await self.locate(new)
        found = {}
        for slot in slots:
            at = self.positions[slot]
            records = self.log.records[slot.topic, slot.partition][at : at + max_records]
            if records:
                found[slot] = records
                self.positions[slot] = at + len(records)
                max_records -= len(records)
        return found

    async def rewind(self) -> None:
        self.positions = {}

    async def advise(self, offsets: dict[Slot, int]) -> None:
        self.advised |= offsets

    async def lag(self) -> int | None:
        return sum(len(self.log.records[s.topic, s.partition]) - at for s, at in self.positions.items())
