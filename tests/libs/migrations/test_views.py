"""Read models' tables: made, made anew where their shape changed, and filled again by the consumer itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

from libs.events.clock import FixedClock
from libs.events.consuming import Projector, Views
from libs.events.envelope import Event
from libs.events.settings import Settings
from libs.events.store.database import Database, Transaction
from libs.events.vault import SubjectKey
from libs.migrations import migrate
from libs.migrations import views as of_views
from libs.migrations.views import Guard
from tests.libs.migrations.conftest import shape
from tests.support.facts import TOPIC, FakeLog, fact
from tests.support.shop import AT


class Seen:
    """Notes every fact in a table; `more` columns and an index make it another shape."""

    topics: tuple[str, ...] = (TOPIC,)
    fold = 0

    def __init__(self, name: str, *more: Any) -> None:
        self.tables = MetaData()
        key, number = Column("id", Text, primary_key=True), Column("sequence", BigInteger, nullable=False)
        self.table = Table(name, self.tables, key, number, *more)

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        columns = [column.name for column in self.table.columns]
        rows = [tuple({"id": e.id, "sequence": e.sequence}.get(name, e.type) for name in columns) for e in events]
        await tx.append(self.table, rows)


def kind() -> Column[Any]:
    return Column("kind", Text, nullable=False)


class Worker:
    """A program of one version: its views, on a database and a log that outlive it."""

    def __init__(self, database: Database, log: FakeLog, *views: Seen) -> None:
        self.database, self.views = database, views
        handler = Views([Guard(database.dialect, views), *views])
        self.projector = Projector(
            "scoring", "views", log, database, handler, SubjectKey.new(), FixedClock(AT + timedelta(days=1)), Settings()
        )

    async def drain(self) -> None:
        for _ in range(3):
            self.projector._tending._next = 0
            while await self.projector.step(0):
                pass

    async def rows(self, name: str, order: str = "sequence") -> list[tuple[Any, ...]]:
        async with self.database.read() as reader:
            return [tuple(row) for row in await reader.rows(f"SELECT * FROM {name} ORDER BY {order}")]


def log_of(count: int) -> FakeLog:
    log = FakeLog()
    log.put(*(fact("c1", n) for n in range(1, count + 1)))
    return log


async def test_tables_are_made_once(database: Database) -> None:
    views = [Seen("one"), Seen("two")]
    assert (await migrate(database, views))[1:] == ["views: made one, two"]
    assert await migrate(database, views) == []
    assert {"one", "two"} <= (await shape(database)).keys()


@pytest.mark.parametrize("change", ["a column", "an index", "the fold"])
async def test_a_changed_shape_is_made_anew_and_all_views_are_folded_again(database: Database, change: str) -> None:
    log = log_of(30)
    before = Worker(database, log, Seen("one"), Seen("two"), Seen("three"))
    await migrate(database, before.views)
    await before.drain()
    assert len(await before.rows("one")) == len(await before.rows("two")) == 30
    # the marks of other consumers must stay, or reactions would answer everything again
    async with database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO consumer_applied (subject, service, consumer, sequence, event_id, epoch) "
            "VALUES ('c1', 'profile', 'reactions', 30, 'x', 0)"
        )
    added: dict[str, list[Any]] = {"a column": [kind()], "an index": [Index("one_sequence", "sequence")]}
    changed = Seen("one", *added.get(change, []))
    changed.fold = int(change == "the fold")
    after = Worker(database, log, changed, Seen("two"), Seen("four"))
    assert await migrate(database, after.views) == [
        "views: dropped three; made four; made anew one; all facts are folded again"
    ]
    assert await after.rows("two") == []
    await after.drain()
    assert [row[1] for row in await after.rows("one")] == list(range(1, 31))
    assert await after.rows("two") == await after.rows("four")
    assert len(await after.rows("two")) == 30
    assert "three" not in await shape(database)
    assert [row[2] for row in await after.rows("consumer_applied", "consumer")] == ["reactions", "views"]
    assert await migrate(database, after.views) == []


async def test_tables_made_before_shapes_were_noted_are_made_anew(database: Database) -> None:
    worker = Worker(database, log_of(3), Seen("one"))
    await database.create(Seen("one", Column("old", Text)).tables)
    assert (await migrate(database, worker.views))[1:] == ["views: made anew one; all facts are folded again"]
    await worker.drain()
    assert len(await worker.rows("one")) == 3


async def test_a_worker_of_another_version_waits_instead_of_folding(database: Database) -> None:
    """What it would write fits the new table's columns, so nothing else would stop it."""
    log = log_of(5)
    old, new = Worker(database, log, Seen("one")), Worker(database, log, Seen("one", Column("kind", Text)))
    await migrate(database, old.views)
    await old.drain()
    await migrate(database, new.views)
    log.put(fact("c1", 6))
    waiting = asyncio.create_task(old.projector.run())
    await asyncio.sleep(0.5)
    assert await new.rows("one") == await new.rows("quarantine", "id") == []
    old.projector.stop()
    await waiting
    await new.drain()
    assert [row[2] for row in await new.rows("one")] == ["customer.purchased"] * 6


async def test_what_a_later_version_made_is_left_alone_unless_somebody_insists(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_views, "_ours", lambda: "1.10.0")
    await migrate(database, [Seen("one", kind())])
    monkeypatch.setattr(of_views, "_ours", lambda: "1.9.2")
    told = "views were made by a later version: left as they are"
    assert await migrate(database, [Seen("one")]) == [told]
    assert await migrate(database, [Seen("one")], force=True) == [
        "views: made anew one; all facts are folded again"
    ]
    assert await migrate(database, [Seen("one")]) == []
