"""What Kafka's adapter promises beyond the common contract: groups, and brokers that go away."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer as ForeignConsumer
from confluent_kafka import TopicPartition

from libs.events.log import Slot, Topic, Unavailable
from tests.engines import Kafka
from tests.support.logs import Reader, by_key, first_of_each, numbered, opened, persist, reading


@pytest.fixture
def log_url(kafka_url: str, topic_prefix: str) -> str:
    return f"{kafka_url}?prefix={topic_prefix}"


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
