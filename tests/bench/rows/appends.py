"""Durable single appends beside a bare insert and commit, by many callers at once."""

from __future__ import annotations

import itertools
import random
import uuid
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from sqlalchemy import text

from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench.engines import Bench, Site
from tests.bench.harness import Line, compared, for_a_while, spread, turns
from tests.bench.made import buying, ids, naming

TARGETS = {16: 1.0, 64: 2.0}
CUSTOMERS = 2000
BODY = b"x" * 120
TABLE = "CREATE TABLE bare (id text PRIMARY KEY, body bytea NOT NULL)"


async def run(bench: Bench) -> list[Line]:
    """Purchases of customers who are known: bare records, and customers whose state is sealed under their key."""
    with bench.site() as site:
        async with assembled(site.settings, ["profile"]) as [profile]:
            store = profile.platform.store
            bare, named = ids(CUSTOMERS), ids(CUSTOMERS)
            await store.execute_all([buying(c, f"first {c}") for c in bare])
            await store.execute_all([naming(c) for c in named])
            async with profile.platform.database.read() as reader:
                await reader.conn.execute(text("ANALYZE"))  # what PostgreSQL does by itself within a minute
            settle()
            lines = []
            for kind, people in (("bare records", bare), ("sealed records", named)):
                for callers, target in TARGETS.items():
                    what = f"{kind}, {callers} callers"
                    lines.append(await beside(bench, site, store, what, people, callers, target))
            for callers in TARGETS:
                kept = [await kept_inserts(site.driver_url("care"), callers, bench.pick(3, 1)) for _ in range(3)]
                lines.append(Line(f"for scale: asyncpg, {callers} callers, each keeps its connection", spread(kept)))
            return lines


async def beside(
    bench: Bench, site: Site, store: Any, what: str, people: list[str], callers: int, target: float
) -> Line:
    """One line."""
    seconds = bench.pick(3, 1)
    orders = (uuid.uuid4().hex for _ in itertools.count())

    async def append(_: int) -> None:
        outcome = await store.execute(buying(random.choice(people), next(orders)))
        assert outcome.verdicts[0].status == "appended"

    async def ours() -> float:
        return await for_a_while(callers, seconds, append)

    async def theirs() -> float:
        return await bare_inserts(site.driver_url("care"), callers, seconds)

    mine, other = await turns(bench.pick(5, 3), ours, theirs)
    return compared(what, mine, "asyncpg, pool.execute of one insert", other, target)


async def bare_inserts(url: str, callers: int, seconds: float) -> float:
    """A connection for every caller, taken from the pool for each insert, as a handler does."""
    async with asyncpg.create_pool(url, min_size=callers, max_size=callers) as pool:
        await pool.execute(f"DROP TABLE IF EXISTS bare; {TABLE}")

        async def insert(_: int) -> None:
            await pool.execute("INSERT INTO bare VALUES ($1, $2)", uuid.uuid4().hex, BODY)

        return await for_a_while(callers, seconds, insert)


async def kept_inserts(url: str, callers: int, seconds: float) -> float:
    """The same without the pool's part: every caller keeps its connection."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(url, min_size=callers, max_size=callers))
        lines = [await stack.enter_async_context(pool.acquire()) for _ in range(callers)]
        await lines[0].execute(f"DROP TABLE IF EXISTS bare; {TABLE}")

        async def insert(caller: int) -> None:
            await lines[caller].execute("INSERT INTO bare VALUES ($1, $2)", uuid.uuid4().hex, BODY)

        return await for_a_while(callers, seconds, insert)
