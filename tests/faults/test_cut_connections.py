"""Connections that are cut while facts are appended: what was committed is known by its key, what was not is done
again, and the caller hears which."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from libs.events.clock import SystemClock
from libs.events.store import StoreUnavailable
from libs.events.store.postgres import PostgresTransaction
from libs.events.units import Verdict
from tests.faults.conftest import Engines
from tests.support.shop import AT, Buy, one
from tests.support.stores import Opened, open_store

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'careledger'"
)


@asynccontextmanager
async def storm(url: str, every: float) -> AsyncIterator[None]:
    """Cuts all of the product's connections to the database, again and again."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))

    async def cut() -> None:
        while True:
            await line.execute(CUT)
            await asyncio.sleep(random.uniform(0.5, 1.5) * every)

    cutting = asyncio.create_task(cut())
    try:
        yield
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)
        await line.close()


async def buy(opened: Opened, subject: str, n: int) -> Verdict:
    """One purchase of three articles, until it is taken; the verdict is that of the try that heard one."""
    for _ in range(100):
        try:
            outcome = await opened.store.execute(one(subject, Buy(at=AT, order=f"o{n}", times=3), f"{subject} {n}"))
        except StoreUnavailable:
            continue
        (verdict,) = outcome.verdicts
        return verdict
    raise AssertionError("never taken")


async def facts(opened: Opened) -> list[tuple[str, int, str]]:
    """Subject, number and key of every fact."""
    async with opened.database.read() as reader:
        rows = await reader.conn.execute(text("SELECT subject, sequence, key FROM events ORDER BY 1, 2"))
        return [(row.subject, row.sequence, row.key) for row in rows]


async def test_appends_in_a_storm(postgres_url: str) -> None:
    async with open_store(postgres_url, clock=SystemClock()) as opened, storm(postgres_url, 0.15):

        async def customer(subject: str) -> list[Verdict]:
            return [await buy(opened, subject, n) for n in range(10)]

        verdicts = await asyncio.gather(*(customer(f"c{k}") for k in range(8)))
    async with open_store(postgres_url) as opened:
        found = await facts(opened)
    assert {v.status for mine in verdicts for v in mine} <= {"appended", "already"}
    want = [
        (f"c{k}", 3 * n + nth + 1, f"c{k} {n}.{nth}" if nth else f"c{k} {n}")
        for k in range(8) for n in range(10) for nth in range(3)
    ]  # fmt: skip
    assert found == want


def lost(opened: Opened, *, committed: bool) -> None:
    """The next commit is not heard of: the connection goes just after it, or just before."""
    database: Any = opened.database
    begin, read = database.begin, database.read

    @asynccontextmanager
    async def in_transaction() -> AsyncIterator[Any]:
        database.begin = begin
        async with begin() as tx:
            yield tx
            if not committed:
                raise ConnectionResetError
        raise ConnectionResetError

    @asynccontextmanager
    async def at_once() -> AsyncIterator[Any]:
        async with read() as tx:
            yield PostgresTransaction(tx.conn, Cut(tx.driver))

    class Cut:
        """The driver's connection; the one statement that appends is a transaction of its own."""

        def __init__(self, driver: Any) -> None:
            self._driver = driver

        def __getattr__(self, name: str) -> Any:
            return getattr(self._driver, name)

        async def fetchval(self, *given: Any) -> Any:
            database.read = read
            if committed:
                await self._driver.fetchval(*given)
            raise ConnectionResetError

    if database.dialect == "postgresql":
        database.read = at_once
    else:
        database.begin = in_transaction


@pytest.mark.parametrize("committed", [True, False])
async def test_a_commit_that_nobody_heard_of(engines: Engines, committed: bool) -> None:
    async with open_store(engines.database_url) as opened:
        old, new = (one("c", Buy(at=AT, order=order), f"key {order}") for order in ("old", "new"))
        await opened.store.execute(old)
        lost(opened, committed=committed)
        outcomes = await opened.store.execute_all([old, new])
        # what was known before is still told as known, what this call brought as new
        assert [v.status for o in outcomes for v in o.verdicts] == ["already", "appended"]
        assert [v.position.sequence for o in outcomes for v in o.verdicts if v.position] == [1, 2]
        lost(opened, committed=committed)
        (verdict,) = (await opened.store.execute(one("c", Buy(at=AT, order="last", times=3), "key last"))).verdicts
        assert verdict.status == "appended"
        assert [event.sequence for event in verdict.events] == [3, 4, 5]
        assert [sequence for _, sequence, _ in await facts(opened)] == [1, 2, 3, 4, 5]
