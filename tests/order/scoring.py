"""Scoring's read model on a real database, fed by the real projector, asked like the API asks it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, select

from libs.events.clock import FixedClock
from libs.events.consuming import Projector, Views, metadata, rebuild
from libs.events.consuming.tables import quarantine, waiting
from libs.events.envelope import Event
from libs.events.settings import Settings
from libs.events.store.database import Database
from libs.events.store.opening import open_database
from libs.events.vault import SubjectKey
from services.scoring.domain.score import explain, score
from services.scoring.projections import people, tables
from services.scoring.projections.facts import Facts
from tests.order.delivery import RoughConsumer, in_order
from tests.order.histories import PEOPLE
from tests.order.telling import START
from tests.support.facts import FakeConsumer, FakeLog

NOW = START + timedelta(days=900)
Told = dict[str, Any]
"""By customer: what scoring answers about them; None for whom it has never heard of."""


@dataclass
class Scoring:
    """One service's read model; every run begins with an empty one."""

    engine: str
    database: Database
    loop: asyncio.Runner

    def run(self, log: FakeLog, *, again: random.Random | None = None) -> None:
        """Projects everything; `again`: with restarts and rebuilds in the middle of it."""
        self.loop.run(self._run(log, again))

    def rebuilt(self) -> None:
        """Everything is built again from the log of the last run."""
        self.loop.run(self._rebuilt())

    def ordinary(self, events: Iterable[Event]) -> None:
        """The run that all others are compared with: as recorded, undisturbed."""
        self.run(in_order(events))

    def given(self, events: Sequence[Event]) -> None:
        """The read model of just these facts, whatever numbers are missing between them."""
        self.loop.run(self._given(events))

    def told(
        self, as_of: datetime = NOW, known_at: datetime | None = None, mixed: random.Random | None = None
    ) -> Told:
        """What it says of everybody; `mixed`: the database gives the facts in any order."""
        return self.loop.run(self._told(as_of, known_at, mixed))

    async def _run(self, log: FakeLog, again: random.Random | None) -> None:
        await self._empty()
        self._log = log
        await self._project(again)

    async def _rebuilt(self) -> None:
        await rebuild(self.database, [Facts()])
        await self._project(None)

    async def _project(self, again: random.Random | None) -> None:
        lives, projector = 3 if again else 0, self._projector()
        while not self._done():
            await projector.step(0)
            if lives and again and again.random() < 0.2:
                lives -= 1
                if again.random() < 0.3:
                    await rebuild(self.database, [Facts()])
                projector = self._projector()  # the old one is gone, with all that it knew
        await projector.step(0)
        async with self.database.read() as reader:
            assert not (await reader.conn.execute(select(waiting))).all()
            assert not (await reader.conn.execute(select(quarantine))).all()

    def _projector(self) -> Projector:
        clock, views = FixedClock(NOW), Views([Facts()])
        return Projector("scoring", "views", self._log, self.database, views, SubjectKey(b"k" * 32), clock, Settings())

    def _done(self) -> bool:
        consumer: Any = self._log.consumers[-1]
        if isinstance(consumer, RoughConsumer):
            return consumer.done
        return finished(consumer)

    async def _given(self, events: Sequence[Event]) -> None:
        await self._empty()
        async with self.database.begin() as tx:
            await Facts().apply(tx, events)

    async def _told(self, as_of: datetime, known_at: datetime | None, mixed: random.Random | None) -> Told:
        found: Told = {}
        for who in PEOPLE:
            person = await people.find(self.database, who, known_at)
            facts = list(person.facts)
            if mixed:
                mixed.shuffle(facts)
            asked = person.id, facts, as_of
            made = {"score": score(*asked, known_at=known_at), "why": explain(*asked, known_at=known_at)}
            known = any(f.time <= as_of and (known_at is None or f.recorded <= known_at) for f in person.facts)
            found[who] = made | {"id": person.id, "others": person.others} if known else None
        return found

    async def _empty(self) -> None:
        async with self.database.begin() as tx:
            for table in (*metadata.sorted_tables, *tables.metadata.sorted_tables):
                await tx.conn.execute(delete(table))


def finished(consumer: FakeConsumer) -> bool:
    """Whether a plain consumer has given everything."""
    return bool(consumer.positions) and all(
        at == len(consumer.log.records[s.topic, s.partition]) for s, at in consumer.positions.items()
    )


@contextmanager
def opened(engine: str, url: str) -> Iterator[Scoring]:
    """Scoring on a fresh database."""
    with asyncio.Runner() as runner:
        database = open_database(url)
        if engine == "sqlite":
            # nothing here survives the test, so nothing needs to reach the disk
            sync: Any = database.engine.sync_engine  # type: ignore[attr-defined]
            event.listen(sync, "connect", lambda line, _: line.execute("PRAGMA synchronous=OFF"))
        runner.run(database.create(metadata))
        runner.run(database.create(tables.metadata))
        yield Scoring(engine, database, runner)
        runner.run(database.close())


def hashes(told: Told) -> dict[str, str]:
    """By customer, the hash of their history."""
    return {who: answer["score"]["state_hash"] for who, answer in told.items() if answer}
