"""Value classes: one pass over everybody, the first time (each has a class to be told) and every night after (nobody
has); it is to grow no faster than the customers, but for what sorting takes."""

from __future__ import annotations

import time
from datetime import timedelta

import asyncpg
from sqlalchemy import text

from libs.events.catalogue.classifications import ClassificationStarted
from libs.events.store.database import Database
from libs.events.store.instants import to_micros
from libs.events.store.opening import open_database
from services.profile.projections import classes, customers, purchases
from services.profile.projections.ranking import ranked
from services.profile.projections.rates import metadata as rates
from tests.bench.engines import Bench
from tests.bench.harness import Line, tell
from tests.bench.made import AT

ORDERS = 5
SLACK = 1.5
RUN = ClassificationStarted(
    as_of=AT, since=AT - timedelta(days=365), window="P12M", shares={"A": 80, "B": 95}, started=AT
)
_CUSTOMERS = """
INSERT INTO profile_customers (subject, listed, created, since, kind, stage, state)
SELECT md5(n::text)::uuid::text, true, $1 - n, $1 - n, 'external', 'active', '{}' FROM generate_series(1, $2::bigint) n
"""
# a few bring much and many little, as everywhere
_PURCHASES = """
INSERT INTO profile_purchases (subject, sequence, currency, paid, at, order_name, refund_of, units, millionths)
SELECT md5(n::text)::uuid::text, k, 'USD', 'USD', $1 - (n * 97 + k * 2628000) % 40000000 * 1000000::bigint,
    'o-' || k, '', 1 + abs(hashtext(n || ' ' || k)) % 997 * (CASE WHEN n % 5 = 0 THEN 40 ELSE 1 END), 500000
FROM generate_series(1, $2::bigint) n, generate_series(1, $3::bigint) k
"""
# keys and indexes are made afterwards: row by row, in no order, they would take minutes
_BARE = (
    "ALTER TABLE profile_purchases DROP CONSTRAINT profile_purchases_pkey", "DROP INDEX profile_purchases_currency",
)  # fmt: skip
_DRESSED = (
    "ALTER TABLE profile_purchases ADD PRIMARY KEY (subject, sequence, currency)",
    "CREATE INDEX profile_purchases_currency ON profile_purchases (currency, at)",
    "VACUUM ANALYZE profile_customers", "VACUUM ANALYZE profile_purchases",
)  # fmt: skip
_TOLD = text(
    "INSERT INTO profile_classes (subject, sequence, at, recorded, value_class) "
    "SELECT subject, 1, :at, :at, value_class FROM class_ranking"
)


async def run(bench: Bench) -> list[Line]:
    """Two lines a size; each is compared to the size before it."""
    lines: list[Line] = []
    before: list[float] = []
    for size in (10_000, 100_000, 1_000_000)[: bench.pick(3, 2)]:
        found = await sized(bench, size)
        for nth, (what, seconds) in enumerate(zip(("first run", "every night after"), found, strict=True)):
            each = seconds / size * 1e6
            line = Line(f"{size:,} customers, {ORDERS} purchases each: {what}", f"{seconds:.2f} s, {each:.1f} µs each")
            if before:
                than = before[nth] * 1e6
                line = Line(line.what, line.ours, "a customer among a tenth of them", f"{than:.1f} µs", each / than,
                            f"≤ {SLACK} ×", each <= SLACK * than)  # fmt: skip
            lines.append(line)
        before = [seconds / size for seconds in found]
    return lines


async def sized(bench: Bench, size: int) -> tuple[float, float]:
    """Seconds of a first run and of one where nothing has changed; the best of three, of a million of one."""
    times = 3 if size < 1_000_000 else 1
    with bench.site() as site:
        database = open_database(site.database_url.replace("{service}", "profile"))
        try:
            for metadata in (customers.metadata, purchases.metadata, classes.metadata, rates):
                await database.create(metadata)
            await load(site.driver_url("profile"), size)
            first = min([await once(database) for _ in range(times)])
            async with ranked(database, RUN) as ranking:
                await ranking.reader.conn.execute(_TOLD, {"at": to_micros(AT)})
                await ranking.reader.conn.execute(text("ANALYZE profile_classes"))
            return first, min([await once(database) for _ in range(times)])
        finally:
            await database.close()


async def once(database: Database) -> float:
    """Seconds until the classes and who changes are known."""
    started = time.perf_counter()
    async with ranked(database, RUN) as ranking:
        tell(f"  {ranking.counts}, {ranking.changed:,} changed, {ranking.total} {ranking.currency}")
    return time.perf_counter() - started


async def load(url: str, size: int) -> None:
    """Puts customers and purchases into the read models, as their own folding would."""
    connection = await asyncpg.connect(url, timeout=60, command_timeout=600)
    try:
        for statement in _BARE:
            await connection.execute(statement)
        await connection.execute(_CUSTOMERS, to_micros(AT), size)
        await connection.execute(_PURCHASES, to_micros(AT), size, ORDERS)
        for statement in _DRESSED:
            await connection.execute(statement)
    finally:
        await connection.close()
