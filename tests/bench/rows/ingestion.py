"""Other systems' events taken from an inbound topic, beside a bare insert of the very rows that this makes."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid

import asyncpg
import orjson

from libs.events.catalogue import INBOUND
from libs.events.inbox import InboundConsumer
from libs.events.log import Log, Outgoing
from libs.events.store import schema
from libs.runtime.assembly import Assembled
from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench.bare_rows import Commit, commits, inserted
from tests.bench.counting import steady
from tests.bench.engines import Bench, Site
from tests.bench.harness import Line, compared, turns
from tests.bench.made import AT, PUBLISHED_AT_ONCE

TARGET, LEAST = 0.3, 8_000
EACH = 5
TABLES = ", ".join(t.name for t in (schema.events, schema.names, schema.outbox, schema.subjects, schema.receipts))


class Counted(InboundConsumer):
    """The real consumer, which tells how many events were taken by when."""

    moments: list[tuple[float, int]]

    async def step(self, wait: float = 0.1) -> int:
        """What the consumer does."""
        taken = await super().step(wait)
        if taken:
            self.moments.append((time.perf_counter(), taken + (self.moments[-1][1] if self.moments else 0)))
        return taken


async def run(bench: Bench) -> list[Line]:
    """Purchases by reference, five a customer: validated, appended with the bare record of each, in the outbox."""
    count = bench.pick(50_000, 10_000)
    with bench.site() as site:
        async with assembled(site.settings, ["profile", "care"]) as [profile, _]:
            written: list[Commit] = []

            async def ours() -> float:
                await emptied(site, "profile")
                await publish(profile.log, count)
                settle()
                rate = await taken(profile, count)
                written[:] = await commits(site.driver_url("profile"))
                assert sum(len(c.events) for c in written) >= count
                return rate

            async def theirs() -> float:
                await emptied(site, "care")
                return count / await inserted(site.driver_url("care"), written)

            mine, other = await turns(bench.pick(5, 3), ours, theirs)
    what = f"inbound purchases ({len(written)} commits)"
    return [compared(what, mine, "INSERT … SELECT FROM unnest of the same rows", other, TARGET, LEAST)]


async def emptied(site: Site, service: str) -> None:
    """A store without facts."""
    connection = await asyncpg.connect(site.driver_url(service))
    try:
        await connection.execute(f"TRUNCATE {TABLES}")
    finally:
        await connection.close()


async def publish(log: Log, count: int) -> None:
    """Events as a till's system would publish them."""
    run = uuid.uuid4().hex[:8]
    events = (event(run, number, count // EACH) for number in range(count))
    while some := list(itertools.islice(events, PUBLISHED_AT_ONCE)):
        await log.publish(INBOUND["profile"], some)


def event(run: str, number: int, customers: int) -> Outgoing:
    """A purchase, in CloudEvents binary mode."""
    attributes = {
        "specversion": "1.0", "id": f"{run}-{number}", "source": "/tills/1", "type": "careledger.customer.purchased",
        "subject": f"pos:{run}-{number % customers}", "time": AT.isoformat(),
    }  # fmt: skip
    body = {"order": f"{run}-{number}", "amount": {"amount": "12.50", "currency": "USD"}}
    headers = [("content-type", b"application/json"), *((f"ce_{n}", v.encode()) for n, v in attributes.items())]
    return Outgoing(attributes["subject"].encode(), orjson.dumps(body), headers)


async def taken(profile: Assembled, count: int) -> float:
    """Events a second from the second batch on, until all are taken."""
    consumer = Counted(profile.inbox, profile.log, INBOUND["profile"])
    consumer.moments = []
    running = asyncio.create_task(consumer.run())
    try:
        async with asyncio.timeout(300):
            while not (consumer.moments and consumer.moments[-1][1] >= count):
                assert not running.done(), running
                await asyncio.sleep(0.05)
    finally:
        consumer.stop()
        await running
    return steady(consumer.moments)


