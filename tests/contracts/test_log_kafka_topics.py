"""Kafka's topics as the product needs them, and what a reader does where one is not as it was."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from confluent_kafka import Producer as ForeignProducer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from structlog.testing import capture_logs

from libs.events.log import Topic
from tests.support.logs import numbered, reading

WEEK = 7 * 24 * 3600 * 1000

@pytest.fixture
def log_url(kafka_url: str, topic_prefix: str) -> str:
    return f"{kafka_url}?prefix={topic_prefix}"


@pytest.fixture
def admin(kafka: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka, "log_level": 0})


def settings(admin: AdminClient, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    found = admin.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in found.items()}


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
