"""A store with its relay, and scoring's read model fed from the topic, on either pair of engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from libs.events.catalogue import TOPICS
from libs.events.clock import FixedClock
from libs.events.consuming import Projector, Views
from libs.events.log import Record, Topic
from libs.events.log.opening import open_log
from libs.events.relay import Relay
from libs.events.settings import Settings
from libs.events.store.database import Database
from libs.events.store.opening import open_database
from libs.events.vault import SubjectKey
from libs.events.views import View
from libs.migrations import migrate
from libs.migrations.views import Guard
from services.scoring.domain.person import admitted
from services.scoring.domain.score import picture
from services.scoring.domain.settings import DEFAULTS
from services.scoring.projections import people
from services.scoring.projections.facts import Facts
from services.scoring.projections.tables import facts, metadata
from tests.faults.conftest import Engines
from tests.support.shop import AT, Buy, Name, one
from tests.support.stores import Opened, open_store

TOPIC = TOPICS["profile"]
PARTITIONS = 4
LATER = AT + timedelta(days=1)
PATIENCE = 40.0


@dataclass
class Works:
    """Profile's store and relay, and scoring's views, which run in tasks of their own once started."""

    opened: Opened
    log: Any
    relay: Relay
    scoring: Database
    running: list[asyncio.Task[Any]] = field(default_factory=list)

    def start(self, *what: Callable[[], Awaitable[Any]]) -> None:
        """Runs in the background until the end of the test."""
        self.running += [asyncio.ensure_future(work()) for work in what]

    def projector(self) -> Projector:
        """A worker of scoring."""
        views: list[View] = [Guard(self.scoring.dialect, [Facts()]), Facts()]
        key, clock = SubjectKey.new(), FixedClock(LATER)
        return Projector("scoring", "views", self.log, self.scoring, Views(views), key, clock, Settings())

    async def buy(self, *subjects: str, count: int = 1, by: str = "") -> None:
        """Facts of these customers, all of them taken; names are sealed, amounts are not."""
        units = [one(s, Name(at=AT, name=f"name of {s}"), f"name {s}") for s in subjects]
        units += [
            one(s, Buy(at=AT + timedelta(hours=n), order=f"{s} {by}{n}", amount=f"{n + 1}.50"), f"{s} {by}{n}")
            for s in subjects
            for n in range(count)
        ]
        for outcome in await self.opened.store.execute_all(units):
            assert outcome.refusal is None, outcome
            assert {verdict.status for verdict in outcome.verdicts} <= {"appended", "already"}, outcome

    async def stored(self) -> set[tuple[str, int]]:
        """Subject and sequence of every fact in the store."""
        async with self.opened.database.read() as reader:
            return {(s, n) for s, n in await reader.rows("SELECT subject, sequence FROM events")}

    async def read(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the read model."""
        found = {}
        async with self.scoring.read() as reader:
            for table in metadata.sorted_tables:
                rows = await reader.conn.execute(select(table).order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows.all()]
        return found

    async def scores(self) -> dict[str, Any]:
        """What scoring would answer for each customer."""
        async with self.scoring.read() as reader:
            subjects = (await reader.conn.execute(select(facts.c.subject).distinct())).scalars().all()
        found = {}
        for subject in subjects:
            person = await people.find(self.scoring, subject)
            found[subject] = picture(admitted(person.facts, LATER), DEFAULTS)
        return found

    async def heard(self) -> set[tuple[str, int]]:
        """Subject and sequence of every fact in the read model."""
        async with self.scoring.read() as reader:
            return {(s, n) for s, n in await reader.rows("SELECT subject, sequence FROM facts")}

    async def caught_up(self) -> None:
        """Waits until the read model has heard every fact of the store."""
        want = await self.stored()

        async def all_of_it() -> bool:
            return await self.heard() == want

        await until(all_of_it)

    async def waiting(self) -> int:
        """Facts that wait for an earlier one, and entries in quarantine."""
        async with self.scoring.read() as reader:
            rows = await reader.rows(
                "SELECT (SELECT count(*) FROM consumer_waiting) + (SELECT count(*) FROM quarantine)"
            )
        return int(rows[0][0])

    async def records(self) -> list[Record]:
        """All records of the topic, each partition's in order."""
        ends = await self.log.ends(TOPIC)
        left = {slot: end for slot, end in ends.items() if end}

        async def locate(slots: Any) -> dict[Any, int]:
            return dict.fromkeys(slots, 0)

        consumer = self.log.consumer("reader", [TOPIC], locate)
        await consumer.start()
        found: list[Record] = []
        async with asyncio.timeout(PATIENCE):
            while left:
                for slot, records in (await consumer.fetch(5000, 0.5)).items():
                    found += records
                    if records[-1].offset + 1 >= left.get(slot, 0):
                        left.pop(slot, None)
        await consumer.stop()
        return found


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await reached():
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def works(engines: Engines) -> AsyncIterator[Works]:
    """Everything wired, nothing running yet."""
    log: Any = open_log(engines.log_url)
    await log.start()
    await log.ensure([Topic(name, PARTITIONS) for name in Facts.topics])
    # one database for both: their tables do not meet
    scoring = open_database(engines.database_url)
    await migrate(scoring, [Facts()])
    async with open_store(engines.database_url, clock=FixedClock(LATER)) as opened:
        made = Works(opened, log, Relay("profile", TOPIC, opened.outbox, log), scoring)
        try:
            yield made
        finally:
            for task in made.running:
                task.cancel()
            await asyncio.gather(*made.running, return_exceptions=True)
            await scoring.close()
            for name in Facts.topics:
                await log.drop(name)
            await log.stop()
