"""Whoever works out something about everybody waits until the views have taken in what was recorded before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from libs.events.consuming import Progress, metadata
from libs.events.consuming.tables import applied
from libs.events.store import schema
from libs.events.store.database import Database
from libs.events.store.opening import open_database

AT_ONCE, A_WHILE = timedelta(0), timedelta(seconds=5)


async def took(database: Database, subject: str, sequence: int, consumer: str = "views") -> None:
    async with database.begin() as tx:
        await tx.upsert(applied, [(subject, "profile", consumer, sequence, "e", 0, 0)])


async def test_views_are_level_once_they_have_taken_all_that_was_recorded(tmp_path: Path) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/views.db")
    await database.create(metadata)
    await database.create(schema.metadata)
    progress = Progress("profile", database, {"profile"})
    assert await progress.level(AT_ONCE) == 0
    async with database.begin() as tx:
        await tx.insert(schema.subjects, [("a", 3, 0, None, None, None), ("b", 1, 0, None, None, None)])
    assert await progress.level(AT_ONCE) == 2
    await took(database, "a", 2)
    await took(database, "b", 1)
    await took(database, "a", 3, consumer="reactions")
    assert await progress.level(AT_ONCE) == 1
    waiting = asyncio.create_task(progress.level(A_WHILE))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await took(database, "a", 3)
    assert await waiting == 0
    # many are counted, not waited for one by one
    async with database.begin() as tx:
        await tx.insert(schema.subjects, [(f"m{n}", 1, 0, None, None, None) for n in range(1500)])
    assert await progress.level(AT_ONCE) == 1500
    waiting = asyncio.create_task(progress.level(A_WHILE))
    await asyncio.sleep(0.05)
    async with database.begin() as tx:
        await tx.upsert(applied, [(f"m{n}", "profile", "views", 1, "e", 0, 0) for n in range(1500)])
    assert await waiting == 0
    # whose facts nobody folds here is never behind
    assert await Progress("profile", database, {"care"}).level(AT_ONCE) == 0
    await database.close()
