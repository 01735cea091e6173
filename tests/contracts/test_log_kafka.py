"""What Kafka's adapter promises beyond the common contract: groups, brokers that go away, topics as they must be."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy  # type: ignore[import-untyped]
from confluent_kafka import Consumer as ForeignConsumer
from confluent_kafka import Producer as ForeignProducer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from structlog.testing import capture_logs

from libs.events.log import Slot, Topic, Unavailable
from libs.events.log.partitioner import key_hash
from tests.engines import Kafka
from tests.support.logs import Reader, by_key, first_of_each, numbered, opened, persist, reading

WEEK = 7 * 24 * 3600 * 1000


@pytest.fixture
def log_url(kafka_url: str, topic_prefix: str) -> str:
    return f"{kafka_url}?prefix={topic_prefix}"


@pytest.fixture
async def log(log_url: str) -> AsyncIterator[Any]:
    async with opened(log_url) as log:
        yield log


@pytest.fixture
def admin(kafka: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka, "log_level": 0})


def settings(admin: AdminClient, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    found = admin.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in found.items()}


async def test_members_share_the_partitions_and_nobody_reads_before_locating(log: Any) -> None:
    """Members come and go while records come in. Each batch begins where its reader was told to begin (`Reader` checks
    it), though Kafka knows other offsets, and Locate is slow enough for aiokafka to have fetched from those."""
    await log.ensure([Topic("t", 6)])
    stored: dict[Slot, int] = {}
    published = 0
    async with reading(log, stored=dict(stored)) as early:        # commits offsets that the service then forgets
        await log.publish("t", numbered(60))
        published = 60
        await early.read(60)
    members: list[Reader] = []

    async def run(reader: Reader) -> None:
        while True:
            await reader.step(most=50)

    async with AsyncExitStack() as stack:
        running: list[asyncio.Task[None]] = []
        for _ in range(3):
            members.append(await stack.enter_async_context(reading(log, stored=stored, delay=0.2)))
            running.append(asyncio.create_task(run(members[-1])))
            for _ in range(20):
                await log.publish("t", numbered(10, first=published))
                published += 10
                await asyncio.sleep(0.05)
        gone = members.pop(0)
        running.pop(0).cancel()
        await gone.consumer.stop()
        async with asyncio.timeout(30):
            while sum(stored.values()) < published or {len(reader.expected) for reader in members} != {3}:
                assert not [task for task in running if task.done()]
                await log.publish("t", numbered(1, first=published))
                published += 1
                await asyncio.sleep(0.1)
        for task in running:
            task.cancel()
        for outcome in await asyncio.gather(*running, return_exceptions=True):
            assert isinstance(outcome, asyncio.CancelledError), outcome
    assert set(members[0].expected).isdisjoint(members[1].expected)
    everything = [int(record.value) for reader in [gone, *members] for record in reader.records]
    assert set(everything) == set(range(published))


async def test_a_member_with_a_name_comes_back_to_its_partitions_without_a_rebalance(log: Any) -> None:
    await log.ensure([Topic("t", 4)])
    async with reading(log, member="b") as other:
        async with reading(log, member="a") as one:
            async with asyncio.timeout(30):
                while len(one.expected) != 2 or len(other.expected) != 2:
                    await asyncio.gather(one.step(), other.step())
            held, asked = set(one.expected), len(other.asked)
        async with reading(log, member="a") as again:
            async with asyncio.timeout(30):
                while not again.expected:
                    await asyncio.gather(again.step(), other.step())
            for _ in range(10):
                await asyncio.gather(again.step(), other.step())
            assert set(again.expected) == held
            assert len(other.asked) == asked


def interrupt(broker: Kafka, how: signal.Signals) -> None:
    """Restarts the broker, or has it hang for longer than a publish waits."""
    if how == signal.SIGSTOP:
        assert broker.server is not None
        broker.server.process.send_signal(how)
        time.sleep(3)
        broker.server.process.send_signal(signal.SIGCONT)
    else:
        broker.restart(how)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP])
async def test_a_broker_that_restarts_or_hangs_under_load_loses_nothing(
    private_kafka: Kafka, how: signal.Signals
) -> None:
    count, kept = 3000, 20
    async with opened(f"kafka://{private_kafka.address}?patience=1") as log, AsyncExitStack() as stack:
        await log.ensure([Topic("t", 3)])
        reader = await stack.enter_async_context(reading(log))
        progress = 0

        async def publish() -> None:
            nonlocal progress
            for progress in range(0, count, 20):
                await persist(log, "t", numbered(20, kept, progress))
                await asyncio.sleep(0.005)

        publishing = asyncio.create_task(publish())
        while progress < count // 4:
            await reader.step()
        restarting = asyncio.create_task(asyncio.to_thread(interrupt, private_kafka, how))
        async with asyncio.timeout(90):
            while not publishing.done() or len({record.value for record in reader.records}) < count:
                await reader.step()
        await publishing
        await restarting
    for key, values in by_key(reader.records).items():
        numbers = [int(value) for value in first_of_each(values)]
        assert numbers == sorted(numbers), key
    assert len(by_key(reader.records)) == kept


async def test_a_broker_that_is_away_is_unavailable_and_waited_for(private_kafka: Kafka) -> None:
    url = f"kafka://{private_kafka.address}?patience=1"
    async with opened(url) as log, AsyncExitStack() as stack:
        await log.ensure([Topic("t", 1)])
        await log.publish("t", numbered(1))
        private_kafka.kill()
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            await log.publish("t", numbered(1, first=1))
        assert time.monotonic() - begun < 3
        with pytest.raises(Unavailable):
            await log.ends("t")
        starting = asyncio.create_task(stack.enter_async_context(opened(url)))
        await asyncio.sleep(0.3)
        assert not starting.done()
        async with asyncio.timeout(60):
            await asyncio.to_thread(private_kafka.start)
            await persist(log, "t", numbered(1, first=1))
            assert sum((await (await starting).ends("t")).values()) >= 2


async def test_facts_are_kept_for_ever_and_inbound_records_a_week_at_most(
    log: Any, admin: AdminClient, topic_prefix: str
) -> None:
    await log.ensure([Topic("facts", 2), Topic("inbound", 2, WEEK)])
    facts, inbound = (settings(admin, topic_prefix + name) for name in ("facts", "inbound"))
    assert facts["retention.ms"] == facts["retention.bytes"] == "-1"
    assert facts["cleanup.policy"] == inbound["cleanup.policy"] == "delete"
    assert facts["min.insync.replicas"] == "1"
    assert WEEK * 0.9 < int(inbound["retention.ms"]) + int(inbound["segment.ms"]) <= WEEK
    assert inbound["message.timestamp.type"] == "LogAppendTime"


async def test_a_topic_that_somebody_else_made_is_set_right(log: Any, admin: AdminClient, topic_prefix: str) -> None:
    made = NewTopic(topic_prefix + "t", num_partitions=1, replication_factor=1, config={"max.message.bytes": "2000000"})
    admin.create_topics([made])[topic_prefix + "t"].result(10)
    with capture_logs() as said:
        await log.ensure([Topic("t", 3)])
        await log.ensure([Topic("t", 3)])
    assert settings(admin, topic_prefix + "t")["retention.ms"] == "-1"
    assert settings(admin, topic_prefix + "t")["max.message.bytes"] == "2000000"
    assert [line["event"] for line in said].count("topic_settings_differ") == 1
    assert "partitions_differ" in [line["event"] for line in said]
    assert len(await log.ends("t")) == 1


async def test_where_retention_took_records_the_reader_goes_on_and_says_how_many(
    log: Any, admin: AdminClient, topic_prefix: str
) -> None:
    await log.ensure([Topic("t", 1, WEEK)])
    await log.publish("t", numbered(50))
    [slot] = await log.ends("t")
    for future in admin.delete_records([TopicPartition(topic_prefix + "t", 0, 30)]).values():
        future.result(10)
    with capture_logs() as said:
        async with reading(log, stored={slot: 10}) as reader:
            reader.loose = True
            assert (await reader.read(20))[0].offset == 30
    [line] = [line for line in said if line["event"] == "records_expired"]
    assert (line["skipped"], line["position"], line["first"]) == (20, 10, 30)


async def test_a_position_beyond_the_end_is_told_and_all_is_read_again(log: Any) -> None:
    await log.ensure([Topic("t", 1)])
    await log.publish("t", numbered(5))
    [slot] = await log.ends("t")
    with capture_logs() as said:
        async with reading(log, stored={slot: 9}) as reader:
            reader.loose = True
            assert [record.offset for record in await reader.read(5)] == [0, 1, 2, 3, 4]
    assert [line["lost"] for line in said if line["event"] == "records_lost"] == [4]


async def test_a_topic_made_anew_behind_the_readers_back_is_read_from_its_start(
    log: Any, admin: AdminClient, kafka: str, topic_prefix: str
) -> None:
    """Everything happens while the reader is not looking, so that no error, no rebalance and no offset out of range
    tells it: only the topic's id does."""
    await log.ensure([Topic("t", 1)])
    await log.publish("t", numbered(10))
    name = topic_prefix + "t"
    async with reading(log) as reader:
        await reader.read(10)
        foreign = ForeignProducer({"bootstrap.servers": kafka, "log_level": 0})
        admin.delete_topics([name])[name].result(10)                # all of this blocks the event loop, on purpose
        while name in admin.list_topics(timeout=10).topics:
            time.sleep(0.02)  # noqa: ASYNC251
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])[name].result(10)
        for number in range(30):
            foreign.produce(name, value=f"new-{number}")
        assert foreign.flush(20) == 0
        [slot] = await log.ends("t")
        async with asyncio.timeout(20):
            while reader.stored.get(slot) != 30:
                await reader.step()
        assert [record.value for record in reader.records[-30:]] == [b"new-%d" % number for number in range(30)]


async def test_advice_is_committed(log: Any, kafka: str, topic_prefix: str) -> None:
    await log.ensure([Topic("t", 2)])
    await log.publish("t", numbered(20))
    async with reading(log) as reader:
        await reader.read(20)
    ends = {slot.partition: end for slot, end in (await log.ends("t")).items()}
    with foreign_consumer(kafka, topic_prefix + "group") as foreign:
        wanted = [TopicPartition(topic_prefix + "t", number) for number in ends]
        found = await asyncio.to_thread(foreign.committed, wanted, 10)
    assert {partition.partition: partition.offset for partition in found} == ends


@contextmanager
def foreign_consumer(kafka: str, group: str) -> Iterator[ForeignConsumer]:
    consumer = ForeignConsumer({"bootstrap.servers": kafka, "group.id": group, "log_level": 0})
    try:
        yield consumer
    finally:
        consumer.close()


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
