"""Customers found: by what only one has, and by beginnings of words, the most common name among them."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import asyncpg

from libs.events.identities import Identities
from libs.events.store.database import Database
from libs.events.store.opening import open_database
from services.profile.projections import finding
from services.profile.projections.search import metadata, place
from services.profile.search import queries
from services.profile.search.tokens import packed, token
from tests.bench.engines import SECRET, Bench
from tests.bench.harness import MILLI, Line, latency, percentile, tell
from tests.bench.names import FAMILIES, MOST_COMMON, Someone, people

SIZES = (10_000, 100_000, 1_000_000)
EXACT_TIMES, PREFIX_MS = 5, 100
REGION, LIMIT = "VN", 51
START, BETWEEN = 1_700_000_000_000_000, 7_000_000
"""Customers came one every few seconds since 2023 (microseconds)."""
_TEMPORARY = "CREATE TEMPORARY TABLE loaded (subject text, place bigint, tokens bigint[], packed bytea)"
_LOAD = (
    "INSERT INTO profile_searched SELECT subject, place, 'active', packed FROM loaded",
    "ALTER TABLE profile_postings DROP CONSTRAINT profile_postings_pkey",
    "INSERT INTO profile_postings SELECT unnest(tokens), place FROM loaded",
    "ALTER TABLE profile_postings ADD PRIMARY KEY (token, place)",
    "VACUUM ANALYZE profile_searched", "VACUUM ANALYZE profile_postings",
)  # fmt: skip
_SIZE = "SELECT pg_total_relation_size('profile_postings') + pg_total_relation_size('profile_searched')"
_BY_KEY = "SELECT subject, place, tokens FROM profile_searched WHERE subject = ?"


async def run(bench: Bench) -> list[Line]:
    """Three lines a size; beginnings of words are compared to the size before."""
    lines: list[Line] = []
    before = 0.0
    for size in SIZES[: bench.pick(3, 2)]:
        exact, (common, now), disk = await sized(bench, size)
        if before:
            growth = now / before
            common = replace(common, compared="at a tenth of the size", theirs=f"p99 {before:.1f} ms", ratio=growth)
        lines += [exact, common, disk]
        before = now
    return lines


Sized = tuple[Line, tuple[Line, float], Line]


async def sized(bench: Bench, size: int) -> Sized:
    """How long it takes among so many: lines, the second with its p99 in milliseconds."""
    with bench.site() as site:
        url = site.database_url.replace("{service}", "profile")
        database = open_database(url)
        try:
            await database.create(metadata)
            bytes_each = await load(site.driver_url("profile"), size) / size
            chosen = set(random.Random(1).sample(range(size), 1000))
            known = [someone for nth, someone in enumerate(people(size)) if nth in chosen]
            return await measured(database, f"{size:,} customers", known, bench.pick(1000, 200), bytes_each)
        finally:
            await database.close()


async def load(url: str, size: int) -> int:
    """Puts made people into the read model, as its own folding would; how many bytes they take."""
    secret, started = bytes.fromhex(SECRET), time.perf_counter()
    connection = await asyncpg.connect(url, timeout=60, command_timeout=600)
    try:
        await connection.execute(_TEMPORARY)
        rows = (
            (someone.subject, place(START + nth * BETWEEN, someone.subject, 0), tokens, packed(tokens))
            for nth, someone in enumerate(people(size))
            for tokens in (someone.tokens(secret),)
        )
        await connection.copy_records_to_table("loaded", records=rows)
        for statement in _LOAD:
            await connection.execute(statement)
        tell(f"  {size:,} loaded in {time.perf_counter() - started:.0f} s")
        return int(await connection.fetchval(_SIZE))
    finally:
        await connection.close()


async def measured(
    database: Database, what: str, known: Sequence[Someone], times: int, bytes_each: float
) -> Sized:
    """Exact values against a read by primary key, by turns; then beginnings of words."""
    dice = random.Random(2)
    chosen = [dice.choice(known) for _ in range(times)]
    exact = [dice.choice((f"0{s.phone[2:]}", f"+{s.phone}", s.email, s.ref)) for s in chosen]

    async def by_key(number: int) -> int:
        async with database.read() as reader:
            return len(await reader.rows(_BY_KEY, chosen[number].subject))

    async def by_value(number: int) -> int:
        return len(await find(database, exact[number]))

    keys, values = await by_turns(times, by_key, by_value)
    ratio = percentile(values, 0.99) / percentile(keys, 0.99)
    line = Line(
        f"{what}: phone, e-mail or reference", told(values), "a row by its primary key", told(keys), ratio,
        f"p99 ≤ {EXACT_TIMES} ×", ratio <= EXACT_TIMES,
    )  # fmt: skip
    asked = list(prefixes(known, times, dice))
    waits = []
    for words in [*asked[:20], *asked]:
        started = time.perf_counter()
        await find(database, words)
        waits.append(time.perf_counter() - started)
    worst = sorted(zip(waits[20:], asked, strict=True), reverse=True)[:5]
    tell("  slowest: " + ", ".join(f"{words} {seconds * MILLI:.0f} ms" for seconds, words in worst))
    common = latency(f"{what}: beginnings of words", waits[20:], PREFIX_MS)
    disk = Line(f"{what}: on disk", f"{bytes_each:,.0f} bytes a customer")
    return line, (common, percentile(waits[20:], 0.99) * MILLI), disk


async def find(database: Database, words: str) -> list[tuple[str, int]]:
    """The first page."""
    secret = bytes.fromhex(SECRET)
    asked = queries.groups(words, REGION, Identities(secret))
    groups = [frozenset(token(secret, term) for term in group) for group in asked]
    async with database.read() as reader:
        return await finding.page(reader, groups, beyond=None, descending=True, limit=LIMIT)


def prefixes(known: Sequence[Someone], times: int, dice: random.Random) -> list[str]:
    """What people type: one to three words of somebody's name, whole or not; every other time the most common name is
    among them, so that words come together that few or none have together; one in ten is two families' names."""
    found = []
    for nth in range(times):
        words = [dice.choice((word, word[: dice.randint(1, len(word))])) for word in dice.choice(known).words]
        words = dice.sample(words, dice.randint(1, len(words)))
        if nth % 10 == 9:
            words = dice.sample(list(FAMILIES), 2)
        elif nth % 2:
            words = [dice.choice((MOST_COMMON, MOST_COMMON[: dice.randint(1, 6)])), *words[:2]]
        found.append(" ".join(words))
    return found


Asked = Callable[[int], Awaitable[int]]


async def by_turns(times: int, one: Asked, other: Asked) -> tuple[list[float], list[float]]:
    """Both by turns, and how long each took; the first fifty do not count. Each finds one."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in [*range(50), *range(times)]:
        for ask, seconds in zip((one, other), found, strict=True):
            started = time.perf_counter()
            count = await ask(number)
            seconds.append(time.perf_counter() - started)
            assert count == 1
    return found[0][50:], found[1][50:]


def told(seconds: Sequence[float]) -> str:
    """Median and 99 %."""
    return f"p50 {statistics.median(seconds) * MILLI:.2f} ms, p99 {percentile(seconds, 0.99) * MILLI:.2f} ms"


