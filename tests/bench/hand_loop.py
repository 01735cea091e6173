"""What one would write by hand for one sum a customer: no duplicates known, no order kept, no late facts."""

from __future__ import annotations

import time
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from tests.bench.counting import steady
from tests.bench.engines import PARTITIONS

MOST = 2000
TABLES = """
DROP TABLE IF EXISTS sums, places;
CREATE TABLE sums (customer text PRIMARY KEY, bought int NOT NULL, spent float8 NOT NULL, answers int NOT NULL,
                   gap float8 NOT NULL);
CREATE TABLE places (topic text, partition int, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition));
"""
UPSERT = """
INSERT INTO sums SELECT * FROM unnest($1::text[], $2::int[], $3::float8[], $4::int[], $5::float8[])
ON CONFLICT (customer) DO UPDATE SET bought = sums.bought + excluded.bought, spent = sums.spent + excluded.spent,
  answers = sums.answers + excluded.answers, gap = sums.gap + excluded.gap
"""
PLACE = """
INSERT INTO places SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
Sums = dict[str, list[float]]


async def run(kafka: str, url: str, topics: list[str], wanted: int) -> float:
    """Facts a second, from the first commit to the last."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(TABLES)
        await consumer.start()
        consumer.assign([TopicPartition(topic, n) for topic in topics for n in range(PARTITIONS)])
        return await loop(consumer, connection, wanted)
    finally:
        await consumer.stop()
        await connection.close()


async def loop(consumer: Any, connection: Any, wanted: int) -> float:
    """Fetch, fold in memory, write the sums and the offsets in one transaction."""
    moments, total = [], 0
    while total < wanted:
        batches = await consumer.getmany(timeout_ms=1000, max_records=MOST)
        sums: Sums = {}
        for records in batches.values():
            for record in records:
                fold(sums, dict(record.headers), orjson.loads(record.value))
            total += len(records)
        if not batches:
            continue
        columns = list(zip(*((c, int(b), s, int(a), g) for c, (b, s, a, g) in sums.items()), strict=True))
        places = [(p.topic, p.partition, records[-1].offset + 1) for p, records in batches.items()]
        async with connection.transaction():
            await connection.execute(UPSERT, *columns)
            await connection.execute(PLACE, *zip(*places, strict=True))
        moments.append((time.perf_counter(), total))
    return steady(moments)


def fold(sums: Sums, headers: dict[str, bytes], data: dict[str, Any]) -> None:
    """One fact more."""
    of = sums.setdefault(headers["ce_subject"].decode(), [0, 0.0, 0, 0.0])
    if headers["ce_type"] == b"careledger.customer.purchased":
        of[0] += 1
        of[1] += float(data["amount"]["amount"])
    else:
        of[2] += 1
        of[3] += sum(item["perception"] - item["expectation"] for item in data["items"])
