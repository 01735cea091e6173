"""What other systems publish to Kafka in their own ways is read, and nothing of it holds up the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy  # type: ignore[import-untyped]
from confluent_kafka import Producer as ForeignProducer

from libs.events.log import Topic
from libs.events.log.partitioner import key_hash
from tests.support.logs import numbered, reading

WEEK = 7 * 24 * 3600 * 1000

@pytest.fixture
def log_url(kafka_url: str, topic_prefix: str) -> str:
    return f"{kafka_url}?prefix={topic_prefix}"


async def test_records_of_foreign_publishers(log: Any, kafka: str, topic_prefix: str) -> None:
    await log.ensure([Topic("t", 5)])
    foreign = ForeignProducer({"bootstrap.servers": kafka, "partitioner": "murmur2_random", "log_level": 0})
    for number in range(50):
        foreign.produce(topic_prefix + "t", key=f"k{number}", value=f"{number}", headers=[("a", b"1"), ("none", None)])
    foreign.produce(topic_prefix + "t", key=None, value=None)
    assert await asyncio.to_thread(foreign.flush, 10) == 0
    async with reading(log) as reader:
        found = await reader.read(51)
    assert [record.value for record in found if record.key is None] == [b""]
    for record in found:
        if record.key is not None:
            assert record.headers == {"a": b"1", "none": b""}
            assert record.partition == key_hash(record.key) % 5, "not the partition that Kafka's own clients choose"


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_foreign_publishers_may_compress_as_they_like(
    log: Any, kafka: str, topic_prefix: str, compression: str
) -> None:
    await log.ensure([Topic("inbound", 1, WEEK)])
    foreign = ForeignProducer({"bootstrap.servers": kafka, "compression.type": compression, "log_level": 0})
    for number in range(20):
        foreign.produce(topic_prefix + "inbound", value=b"x" * 1000 + b"%d" % number)
    assert await asyncio.to_thread(foreign.flush, 10) == 0
    async with reading(log, "inbound") as reader:
        assert [record.value[1000:] for record in await reader.read(20)] == [b"%d" % number for number in range(20)]


async def test_what_a_foreign_publisher_took_back_is_not_read(log: Any, kafka: str, topic_prefix: str) -> None:
    await log.ensure([Topic("inbound", 1, WEEK)])
    name = topic_prefix + "inbound"
    foreign = ForeignProducer({"bootstrap.servers": kafka, "transactional.id": name, "log_level": 0})
    await asyncio.to_thread(foreign.init_transactions, 30)
    for number, end in enumerate([foreign.commit_transaction, foreign.abort_transaction, foreign.commit_transaction]):
        foreign.begin_transaction()
        for part in "ab":
            foreign.produce(name, value=f"{number}{part}")
        await asyncio.to_thread(foreign.flush, 10)
        await asyncio.to_thread(end, 30)
    async with reading(log, "inbound") as reader:
        reader.loose = True                                          # the transactions' ends take offsets, too
        assert [record.value for record in await reader.read(4)] == [b"0a", b"0b", b"2a", b"2b"]
        await reader.quiet()


class Spoiled(str):
    """A header's name as no client of ours would write it."""

    def encode(self, *_: Any) -> bytes:
        return b"\xff\xfe"


async def test_a_header_that_is_no_text_holds_up_nobody(log: Any, kafka: str, topic_prefix: str) -> None:
    await log.ensure([Topic("t", 2)])
    await log.publish("t", numbered(10))
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 16384)
        for value, header in [(b"before", "a"), (b"bad", Spoiled("b")), (b"after", "c")]:
            batch.append(key=b"k", value=value, timestamp=None, headers=[(header, b"content"), ("null", None)])
        await (await producer.send_batch(batch, topic_prefix + "t", partition=1))
    finally:
        await producer.stop()
    await log.publish("t", numbered(10, first=10))
    async with reading(log) as reader:
        found = await reader.read(23)
        await log.publish("t", numbered(5, first=20))
        await reader.read(28)
    assert [(record.value, record.headers) for record in found if record.key == b"k"] == [
        (value, {header: b"content", "null": b""}) for value, header in [
            (b"before", "a"), (b"bad", "\ufffd\ufffd"), (b"after", "c")]]
