"""From a purchase posted to its being in the score, with all four services running, and what they hold in memory."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg

from libs.events.units import Position
from libs.runtime.run import assembled
from tests.bench.engines import SERVICES, Bench, Site
from tests.bench.harness import Line, latency, paced, tell, until
from tests.bench.load import connect, request
from tests.bench.made import ids, naming
from tests.bench.memory import Memory
from tests.bench.processes import Running, key, service

RATE, TARGET_MS = 300, 250
CONNECTIONS = 32
LOOK_EVERY = 0.002
PURCHASE = '{"order":"%s","amount":{"amount":"12.50","currency":"USD"}}'
_POSITION = re.compile(rb"\r\nevent-position: ([^\r]+)")
_TAKEN = """
SELECT f.subject, f.sequence FROM facts f JOIN unnest($1::text[], $2::bigint[]) AS w (subject, sequence)
ON f.subject = w.subject AND f.sequence = w.sequence AND f.service = 'profile'
"""
Fact = tuple[str, int]


async def run(bench: Bench) -> list[Line]:
    """One process a service, in all roles, as small deployments run them."""
    with bench.site() as site, contextlib.ExitStack() as stack:
        async with assembled(site.settings, ["profile"]) as [profile]:
            people = ids(2000)
            await profile.platform.store.execute_all([naming(c) for c in people])
        running = [stack.enter_context(service(site, name)) for name in SERVICES]
        memory = Memory(running)
        memory.look()
        await measured(site, running[0], people, bench.pick(30, 5))
        memory.look()
        waits, answers, lost = await measured(site, running[0], people, bench.pick(90, 15))
        memory.look()
    answered = replace(latency("of it, until the POST was answered", answers, TARGET_MS), target="", met=None)
    return [latency("from POST to score", waits, TARGET_MS, lost), answered, *memory.lines()]


async def measured(
    site: Site, profile: Running, people: list[str], seconds: float
) -> tuple[list[float], list[float], int]:
    """Seconds from before each POST until the read model has the fact, and until its answer; how many it never had."""
    sent: dict[Fact, float] = {}
    answers: list[float] = []
    free = [await connect(profile.port) for _ in range(CONNECTIONS)]
    headers = f"authorization: Bearer {key(site)}\r\ncontent-type: application/json\r\n"

    async def post(number: int) -> None:
        started = time.perf_counter()
        line = free.pop() if free else await connect(profile.port)
        order = PURCHASE % uuid.uuid4().hex
        path = f"/v1/customers/{people[number % len(people)]}/purchases"
        status, answer = await line.ask(request("POST", path, headers, order))
        free.append(line)
        answers.append(time.perf_counter() - started)
        position = _POSITION.search(answer)
        assert status == 201
        assert position
        where = Position.parse(position[1].decode())
        sent[where.subject, where.sequence] = started

    async with looking(site.driver_url("scoring"), sent) as waits:
        await paced(RATE, seconds, post)
        with contextlib.suppress(TimeoutError):
            await until(lambda: seen_all(sent), patience=10)
    tell(f"  {len(waits):,} facts seen in {seconds:.0f} s")
    return waits, answers, len(sent)


async def seen_all(sent: dict[Fact, float]) -> bool:
    """Whether none is left."""
    return not sent


@contextlib.asynccontextmanager
async def looking(url: str, sent: dict[Fact, float]) -> AsyncIterator[list[float]]:
    """Looks again and again which of the sent facts are there, and takes them out."""
    waits: list[float] = []
    connection = await asyncpg.connect(url)

    async def look() -> None:
        while True:
            wanted = list(sent)
            if wanted:
                found = await connection.fetch(_TAKEN, [s for s, _ in wanted], [n for _, n in wanted])
                now = time.perf_counter()
                waits.extend(now - sent.pop((subject, sequence)) for subject, sequence in found)
            await asyncio.sleep(LOOK_EVERY)

    task = asyncio.create_task(look())
    try:
        yield waits
    finally:
        task.cancel()
        await asyncio.wait([task])
        await connection.close()
