"""The relay beside a bare producer of the same records."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from libs.events.catalogue import TOPICS
from libs.events.envelope import Event
from libs.events.log.partitioner import key_hash
from libs.events.relay import LIMIT, Relay
from libs.events.store import schema
from libs.events.store.database import Database
from libs.events.store.deciding import shard_of
from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench.engines import PARTITIONS, Bench
from tests.bench.harness import Line, compared, turns
from tests.bench.made import facts, head, ids, outgoing

COLUMNS = ("shard", "subject", "head", "value")
AT_ONCE = 10_000
BATCH_BYTES = 128 * 1024
Prepared = dict[int, list[tuple[bytes, bytes, list[tuple[str, bytes]]]]]


async def run(bench: Bench) -> list[Line]:
    """From rows in the outbox to records confirmed by the broker and rows deleted."""
    count = bench.pick(60_000, 10_000)
    events = list(facts(count, ids(count // 12), answers=0))
    with bench.site() as site:
        async with assembled(site.settings, ["profile"]) as [profile]:
            prepared = by_partition(events)
            producer = AIOKafkaProducer(
                bootstrap_servers=bench.kafka, enable_idempotence=True, acks="all", max_batch_size=BATCH_BYTES)
            await producer.start()
            settle()
            topic = site.prefix + TOPICS["profile"]
            try:
                mine, other = await turns(
                    bench.pick(5, 3),
                    lambda: relayed(profile.platform.database, profile.relay, events, site.settings.relay_shards),
                    lambda: sent(producer, topic, prepared),
                )
            finally:
                await producer.stop()
    return [compared(f"Relay.once, {LIMIT:,} at a time", mine, "aiokafka send_batch, headers included", other, 0.5)]


async def relayed(database: Database, relay: Relay, events: Sequence[Event], shards: int) -> float:
    """Facts a second; the outbox is filled before the clock starts."""
    await fill(database, events, shards)
    started, moved = time.perf_counter(), 0
    while some := await relay.once():
        moved += some
    assert moved == len(events)
    return moved / (time.perf_counter() - started)


async def fill(database: Database, events: Sequence[Event], shards: int) -> None:
    """Puts facts into the outbox."""
    rows = [(shard_of(e.subject, shards), e.subject, head(e), orjson.dumps(e.data)) for e in events]
    for start in range(0, len(rows), AT_ONCE):
        async with database.begin() as tx:
            await tx.append(schema.outbox, rows[start : start + AT_ONCE], columns=COLUMNS)


def by_partition(events: Sequence[Event]) -> Prepared:
    """Records made and spread before the clock starts."""
    prepared: Prepared = defaultdict(list)
    for event in events:
        made = outgoing(event)
        prepared[key_hash(made.key) % PARTITIONS].append((made.key, made.value, list(made.headers)))
    return prepared


async def sent(producer: Any, topic: str, prepared: Prepared) -> float:
    """Records a second, in batches as full as they get, all partitions side by side."""
    started = time.perf_counter()
    waiting: list[asyncio.Future[Any]] = []

    async def partition(number: int) -> None:
        batch = producer.create_batch()
        for key, value, headers in prepared[number]:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                waiting.append(await producer.send_batch(batch, topic, partition=number))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        waiting.append(await producer.send_batch(batch, topic, partition=number))

    await asyncio.gather(*map(partition, prepared))
    await asyncio.gather(*waiting)
    return sum(map(len, prepared.values())) / (time.perf_counter() - started)
