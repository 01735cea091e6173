"""From an append committed to its record seen, also while old transactions hold back every vacuum."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson

from libs.events.catalogue import TOPICS
from libs.events.log import Log
from libs.events.store import schema
from libs.events.store.deciding import shard_of
from libs.runtime.assembly import Assembled
from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench.engines import Bench, Site
from tests.bench.harness import Line, latency, paced, tell, until
from tests.bench.made import buying, facts, head, ids
from tests.bench.processes import service

RATE, TARGET_MS = 300, 20
TOPIC = TOPICS["profile"]
CHUNK = 20_000
MOST_WAITING = 3 * CHUNK
_PASS = """
INSERT INTO outbox (shard, subject, head, value)
SELECT shard, subject, head, value FROM sample, generate_series(1, $1::int) ORDER BY random()
"""


async def run(bench: Bench) -> list[Line]:
    """The relay runs in a process of its own, as in a deployment: nobody tells it of an append."""
    passing = bench.pick(1_000_000, 100_000)
    with bench.site() as site:
        async with assembled(site.settings, ["profile"]) as [profile]:
            with service(site, "profile", roles=["relay"]):
                settle()
                seconds = bench.pick(20, 5)
                await measured("", profile, 2)
                lines = [await measured("at the start", profile, seconds)]
                async with held(site.driver_url("profile")):
                    lines.append(await measured("two old transactions open", profile, seconds))
                    took = await passed(site, profile, passing)
                    after = f"still open, after {passing:,} more facts ({took:.0f} s)"
                    lines.append(await measured(after, profile, seconds))
    return lines


async def measured(what: str, profile: Assembled, seconds: float) -> Line:
    """One line: appends at a steady rate, each timed from its commit to its record."""
    people = ids(2000)
    await profile.platform.store.execute_all([buying(c, f"first {c}") for c in people])
    await until(lambda: drained(profile))
    committed: dict[str, float] = {}
    async with seeing(profile.log) as seen:

        async def append(number: int) -> None:
            outcome = await profile.platform.store.execute(buying(people[number % len(people)], uuid.uuid4().hex))
            committed[outcome.verdicts[0].events[-1].id] = time.perf_counter()

        await paced(RATE, seconds, append)
        with contextlib.suppress(TimeoutError):
            await until(lambda: holds(committed.keys() <= seen.keys()), patience=5)
    waits = [max(0.0, seen[one] - at) for one, at in committed.items() if one in seen]
    return latency(what, waits, TARGET_MS, lost=len(committed) - len(waits))


@contextlib.asynccontextmanager
async def seeing(log: Log) -> AsyncIterator[dict[str, float]]:
    """When each fact was seen, by id, from now on."""
    ends = await log.ends(TOPIC)

    async def from_now_on(slots: Any) -> Any:
        return {slot: ends.get(slot, 0) for slot in slots}

    consumer = log.consumer(f"bench-{uuid.uuid4().hex}", [TOPIC], from_now_on)
    seen: dict[str, float] = {}

    async def read() -> None:
        while True:
            batches = await consumer.fetch(500, 1)
            now = time.perf_counter()
            for record in itertools.chain.from_iterable(batches.values()):
                seen[record.headers["ce_id"].decode()] = now

    await consumer.start()
    await consumer.fetch(1, 0.5)  # joined
    reading = asyncio.create_task(read())
    try:
        yield seen
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await consumer.stop()


@contextlib.asynccontextmanager
async def held(url: str) -> AsyncIterator[None]:
    """An old snapshot and an old transaction number, idle, as a forgotten session or a long report holds them."""
    reader, writer = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM subjects")
        await writer.execute("CREATE TABLE elsewhere (id int); BEGIN; INSERT INTO elsewhere VALUES (1)")
        yield
    finally:
        await reader.close()
        await writer.close()


async def passed(site: Site, profile: Assembled, count: int) -> float:
    """Sends many facts through the outbox; seconds until all of them were relayed."""
    sample = list(facts(1000, ids(1000), answers=0))
    rows = [(shard_of(e.subject, 16), e.subject, head(e), orjson.dumps(e.data)) for e in sample]
    started = time.perf_counter()
    connection = await asyncpg.connect(site.driver_url("profile"))
    try:
        await connection.execute("CREATE TEMP TABLE sample (shard smallint, subject text, head bytea, value bytea)")
        await connection.copy_records_to_table("sample", records=rows)
        for start in range(0, count, CHUNK):
            await connection.execute(_PASS, min(CHUNK, count - start) // len(rows))
            await until(lambda: drained(profile, MOST_WAITING), patience=300)
        await until(lambda: drained(profile), patience=300)
    finally:
        await connection.close()
    tell(f"  {count:,} facts relayed in {time.perf_counter() - started:.0f} s")
    return time.perf_counter() - started


async def drained(profile: Assembled, most: int = 0) -> bool:
    """Whether no more than so many rows wait to be relayed."""
    async with profile.platform.database.read() as reader:
        [(waiting,)] = await reader.rows(f"SELECT count(*) FROM {schema.outbox.name}")
    return int(waiting) <= most


async def holds(what: bool) -> bool:
    """What is known at once."""
    return what
