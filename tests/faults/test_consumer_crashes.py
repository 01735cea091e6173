"""A consumer that dies before any of its statements: whoever goes on changes nothing twice and skips nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.events.clock import FixedClock
from libs.events.consuming import Projector, Views, metadata
from libs.events.consuming.tables import offsets, quarantine, waiting
from libs.events.settings import Settings
from libs.events.store.database import Database
from libs.events.store.opening import open_database
from libs.events.vault import SubjectKey
from tests.libs.events.consuming.conftest import Effects, counted, effects
from tests.support.facts import FakeLog, fact
from tests.support.shop import AT


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A database whose user dies before the nth thing it asks for, the commit among them."""

    def __init__(self, database: Database) -> None:
        self._database, self.dialect, self.left = database, database.dialect, 10**9

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        async with self._database.begin() as tx:
            yield Counted(tx, self)
            self.count()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        async with self._database.read() as reader:
            yield Counted(reader, self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class Counted:
    """A transaction or a connection, counted."""

    def __init__(self, thing: Any, mortal: Mortal) -> None:
        self._thing, self._mortal = thing, mortal

    @property
    def conn(self) -> Any:
        return Counted(self._thing.conn, self._mortal)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._thing, name)

        async def counted(*args: Any, **more: Any) -> Any:
            self._mortal.count()
            return await method(*args, **more)

        return counted


@pytest.mark.parametrize("poison", [False, True])
async def test_death_before_any_statement(tmp_path: Path, poison: bool) -> None:
    """The records hold a repetition, a gap that closes, two subjects, and (once) a bad fact."""
    for nth in range(1, 200):
        database = open_database(f"sqlite+aiosqlite:///{tmp_path}/{nth}.db")
        await database.create(metadata)
        await database.create(counted)
        mortal = Mortal(database)
        log, clock, sealer = FakeLog(), FixedClock(AT + timedelta(days=1)), SubjectKey.new()
        view = Effects(poison={"c2-2-0"} if poison else set())

        def member() -> Projector:
            return Projector("scoring", "views", log, mortal, Views([view]), sealer, clock, Settings())  # noqa: B023

        mortal.left = nth
        died = False
        early, late = [fact("c1", 1), fact("c2", 1), fact("c1", 3)], [fact("c1", 2), fact("c2", 2), fact("c1", 2)]
        for records in (early, late, []):
            log.put(*records)
            running = member()
            try:
                await running.step(0)
                await running.step(0)
            except Killed:
                died = True
        mortal.left = 10**9
        running = member()
        for _ in range(3):
            await running.step(0)
        async with database.read() as reader:
            rows = (await reader.conn.execute(effects.select().order_by(effects.c.place))).all()
            seen = {s: [r.sequence for r in rows if r.subject == s] for s in ("c1", "c2")}
            assert seen == {"c1": [1, 2, 3], "c2": [1] if poison else [1, 2]}, nth
            assert (await reader.conn.execute(waiting.select())).all() == []
            assert len((await reader.conn.execute(quarantine.select())).all()) == poison
            assert [r.next_offset for r in (await reader.conn.execute(offsets.select())).all()] == [6]
        await database.close()
        if not died:
            assert nth > 20, "every statement was the last one once"
            return
    raise AssertionError("it never got through")
