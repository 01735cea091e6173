"""All services put together as a deployment has them, in this process, on one pair of engines; and what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select

from libs.events.catalogue import INBOUND, TOPICS
from libs.events.clock import FixedClock
from libs.events.consuming.tables import applied, offsets, quarantine
from libs.events.inbox.tables import parked
from libs.events.log import Consumer, Locate, Log, Outgoing, Topic
from libs.events.log.opening import open_log
from libs.events.settings import Settings
from libs.events.store import schema
from libs.runtime.assembly import Assembled, assemble
from libs.runtime.process import supervise
from libs.runtime.secrets import load_secrets
from libs.runtime.services import definition
from services.scoring.domain.score import score
from services.scoring.projections import people, tables
from tests.faults.workload import NOW, Told

PARTITIONS = 3
PATIENCE = 60.0


@dataclass(frozen=True)
class Place:
    """Where databases (`{service}` in the URL) and log are."""

    name: str
    database_url: str
    log_url: str

    def settings(self) -> Settings:
        """Settings of a process there; secrets that every process shares."""
        return Settings(
            database_url=self.database_url, log_url=self.log_url, secret="5e" * 32, master_key="a1" * 32,
            partitions=PARTITIONS, relay_shards=4, pool_size=4,
        )  # fmt: skip


class NamedLog:
    """The log, whose consumers keep their identity over restarts: then the group need not wait for the dead."""

    def __init__(self, inner: Log, member: str = "worker") -> None:
        self.inner, self.member = inner, member
        self.start, self.ensure, self.ends, self.stop = inner.start, inner.ensure, inner.ends, inner.stop

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        await self.inner.publish(topic, records)

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        return self.inner.consumer(group, topics, locate, self.member)


@dataclass
class World:
    """Services of one process, their relays, and those of their consumers (`scoring views`, `care inbox`) that are to
    run here."""

    place: Place
    log: Log
    consumers: Sequence[str]
    services: dict[str, Assembled]
    waits_for: str = ""

    def __getitem__(self, service: str) -> Assembled:
        return self.services[service]

    async def tell(self, events: Sequence[Told]) -> list[dict[str, Any]]:
        """Other systems' events as a caller posts them; the results."""
        results = []
        for name, service in self.services.items():
            if mine := [event for owner, event in events if owner == name]:
                results += await service.inbox.take(mine)
        return results

    async def publish(self, events: Sequence[Told]) -> None:
        """Other systems' events as they publish them, each where its publisher likes."""
        headers = [("content-type", b"application/cloudevents+json")]
        for name in self.services:
            mine = [Outgoing(e["id"].encode(), orjson.dumps(e), headers) for owner, e in events if owner == name]
            if mine:
                await self.log.publish(INBOUND[name], mine)

    def loops(self) -> list[tuple[str, Callable[[], Any]]]:
        """Relays and consumers; what a clock sets off is left out, so that equal runs tell equal facts."""
        found: list[tuple[str, Callable[[], Any]]] = []
        for name, service in self.services.items():
            found.append((f"{name} relay", service.relay.run))
            others = [(f"{name} {p.consumer}", p.run) for p in service.projectors]
            if service.inbound:
                others.append((f"{name} inbox", service.inbound.run))
            found += [(told, run) for told, run in others if told in self.consumers]
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """With all loops at work, kept running as the product keeps them."""
        tasks = [asyncio.create_task(supervise(name, loop)) for name, loop in self.loops()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Waits until there is nothing left to do for anybody."""
        async with asyncio.timeout(PATIENCE):
            while left := await self.left():
                self.waits_for = left
                await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Runs the loops until there is nothing left to do."""
        try:
            async with self.running():
                await self.settled()
        except TimeoutError:
            raise AssertionError(f"never done: {self.waits_for}") from None

    async def hears_of(self, entries: int) -> None:
        """Waits until so many entries stand in the quarantines."""
        async with asyncio.timeout(PATIENCE):
            while (found := await self.quarantined()) < entries:
                self.waits_for = f"{found} of {entries} entries"
                await asyncio.sleep(0.05)

    async def left(self) -> str:
        """What is still to be done; "" for nothing."""
        lasts = {name: await last_facts(service) for name, service in self.services.items()}
        for name, service in self.services.items():
            if service.inbound and f"{name} inbox" in self.consumers and (behind := await self._unread(name)):
                return f"{name}: {behind}"
            for projector in service.projectors:
                if f"{name} {projector.consumer}" in self.consumers:
                    topics = projector._handler.topics
                    want = {(n, s): fact for n in lasts if TOPICS[n] in topics for s, fact in lasts[n].items()}
                    if await taken(service, projector.consumer) != want:
                        return f"{name}: {projector.consumer}"
        for name, service in self.services.items():
            # what a consumer answered in the meantime came with its marks: seen now, if not before
            if await count(service, schema.outbox) or await last_facts(service) != lasts[name]:
                return f"{name}: relay"
        return ""

    async def _unread(self, name: str) -> str:
        service, topic = self.services[name], INBOUND[name]
        ends = {slot.partition: end for slot, end in (await self.log.ends(topic)).items()}
        query = select(offsets.c.partition, offsets.c.next_offset).where(offsets.c.topic == topic)
        async with service.platform.database.read() as reader:
            read = {row.partition: row.next_offset for row in (await reader.conn.execute(query)).all()}
        if any(read.get(partition, 0) != end for partition, end in ends.items()):
            return "inbound"
        return "parked" if await count(service, parked) else ""

    async def outcome(self) -> dict[str, Any]:
        """What came of everything: hashes of the customers, facts by type, and the same facts as scoring holds them."""
        subjects: set[str] = set()
        facts: Counter[tuple[str, ...]] = Counter()
        ids: Counter[str] = Counter()
        for name, service in self.services.items():
            c = schema.events.c
            async with service.platform.database.read() as reader:
                rows = (await reader.conn.execute(select(c.id, c.subject, c.type, c.data, c.cause))).all()
            ids.update(row.id for row in rows if name != "scoring")
            told = [r for r in rows if b'"bare":true' not in bytes(r.data)]
            facts.update((name, r.type, r.subject, "answers" if r.cause else "") for r in told)
            subjects |= {r.subject for r in rows if not r.subject.startswith("survey:")}
        database = self.services["scoring"].platform.database
        async with database.read() as reader:
            held = Counter((await reader.conn.execute(select(tables.facts.c.id))).scalars())
        assert held == ids, f"scoring holds every fact once, but {held - ids} and {ids - held}"
        found = {who: await people.find(database, who) for who in sorted(subjects)}
        scores = {who: score(person.id, person.facts, NOW) for who, person in found.items()}
        for shown in scores.values():
            del shown["applied"]  # counts bare records, too
        return {"facts": facts, "scores": scores, "quarantined": await self.quarantined()}

    async def quarantined(self) -> int:
        """Entries in all quarantines."""
        return sum([await count(service, quarantine) for service in self.services.values()])


async def count(service: Assembled, table: Any) -> int:
    """Rows of a table."""
    async with service.platform.database.read() as reader:
        return int((await reader.conn.execute(select(func.count()).select_from(table))).scalar_one())


async def last_numbers(service: Assembled) -> dict[str, int]:
    """Each subject's last number in its store."""
    c = schema.events.c
    async with service.platform.database.read() as reader:
        rows = await reader.conn.execute(select(c.subject, func.max(c.sequence).label("last")).group_by(c.subject))
        return {row.subject: row.last for row in rows.all()}


async def last_facts(service: Assembled) -> dict[str, str]:
    """The id of each subject's last fact in its store: numbers may come again in another life of the store."""
    c = schema.events.c
    async with service.platform.database.read() as reader:
        rows = await reader.conn.execute(select(c.subject, c.id).order_by(c.sequence))
        return {row.subject: row.id for row in rows.all()}


async def taken(service: Assembled, consumer: str) -> dict[tuple[str, str], str]:
    """The id of the last fact that a consumer took, by service and subject."""
    c = applied.c
    async with service.platform.database.read() as reader:
        rows = await reader.conn.execute(select(c.service, c.subject, c.event_id).where(c.consumer == consumer))
        return {(name, subject): id for name, subject, id in rows.all()}


async def marks(service: Assembled, consumer: str) -> dict[tuple[str, str], int]:
    """How far a consumer has come, by service and subject."""
    c = applied.c
    async with service.platform.database.read() as reader:
        rows = await reader.conn.execute(select(c.service, c.subject, c.sequence).where(c.consumer == consumer))
        return {(name, subject): sequence for name, subject, sequence in rows.all()}


@asynccontextmanager
async def world(
    place: Place, names: Sequence[str], consumers: Sequence[str], *, create: bool = True, log: Log | None = None,
    now: datetime = NOW,
) -> AsyncIterator[World]:
    """The services there, none of their loops running. Everything is heard at one moment."""
    settings, log = place.settings(), log or NamedLog(open_log(place.log_url))
    services = {n: assemble(definition(n), settings, load_secrets(settings), log, FixedClock(now)) for n in names}
    try:
        await log.start()
        if create:
            every = [*TOPICS.values(), *INBOUND.values()]
            await log.ensure([Topic(name, PARTITIONS) for name in every])
            for service in services.values():
                await service.start()
        yield World(place, log, consumers, services)
    finally:
        await log.stop()
        for service in services.values():
            await service.close()
