"""A consumer with a small view, on every database engine, fed by a log in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, func, select

from libs.events.clock import FixedClock
from libs.events.consuming import Progress, Projector, Views, metadata
from libs.events.consuming.quarantine import Quarantine
from libs.events.envelope import Event
from libs.events.settings import Settings
from libs.events.store.database import Database, Transaction
from libs.events.store.opening import open_database
from libs.events.vault import SubjectKey
from tests.contracts.conftest import database_url
from tests.support.facts import TOPIC, FakeConsumer, FakeLog
from tests.support.shop import AT

__all__ = ["database_url"]

counted = MetaData()
effects = Table(
    "test_effects",
    counted,
    Column("event_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
)


@dataclass
class Effects:
    """A view that would notice a fact applied twice (its key is taken) or out of order (`place`)."""

    topics: tuple[str, ...] = (TOPIC,)
    tables: MetaData = counted
    poison: set[str] = field(default_factory=set)
    faults: list[Exception] = field(default_factory=list)
    applied: int = 0
    batches: list[int] = field(default_factory=list)

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append(len(events))
        before = (await tx.conn.execute(select(func.count()).select_from(effects))).scalar_one()
        await tx.append(effects, [(e.id, e.subject, e.sequence, before + i) for i, e in enumerate(events)])
        for event in events:
            if event.id in self.poison:
                raise KeyError(event.data["order"])


@dataclass
class Shop:
    """One consumer and all that it stands on."""

    database: Database
    log: FakeLog
    view: Effects
    clock: FixedClock
    sealer: SubjectKey
    projector: Projector
    quarantine: Quarantine
    progress: Progress

    @property
    def consumer(self) -> FakeConsumer:
        return self.log.consumers[-1]

    def another(self, view: Any = None) -> Projector:
        """A second process of the same consumer."""
        return Projector(
            "scoring", "views", self.log, self.database, Views([view or self.view]), self.sealer, self.clock, Settings()
        )

    async def drain(self, projector: Projector | None = None) -> None:
        """Steps until there is nothing more to read."""
        running = projector or self.projector
        for _ in range(6):
            while await running.step(0):
                pass

    async def tend(self) -> None:
        """What a second's passing does."""
        self.projector._tending._next = 0
        await self.projector.step(0)
        await self.projector.step(0)

    async def seen(self, subject: str = "") -> list[int]:
        """The sequences that had an effect, in the order they had it."""
        query = select(effects.c.sequence).order_by(effects.c.place, effects.c.sequence)
        if subject:
            query = query.where(effects.c.subject == subject)
        async with self.database.read() as reader:
            return list((await reader.conn.execute(query)).scalars())

    async def rows(self, table: Table) -> list[Any]:
        async with self.database.read() as reader:
            return list((await reader.conn.execute(select(table))).all())


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    database = open_database(database_url)
    await database.create(metadata)
    await database.create(counted)
    log, view, clock, sealer = FakeLog(), Effects(), FixedClock(AT + timedelta(days=1)), SubjectKey.new()
    progress = Progress("scoring", database, {"profile"})
    projector = Projector(
        "scoring", "views", log, database, Views([view]), sealer, clock, Settings(), listener=progress
    )
    yield Shop(database, log, view, clock, sealer, projector, Quarantine(database, sealer, clock), progress)
    if progress._poller:
        await progress._poller
    await database.close()
