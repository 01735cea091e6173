"""Makes topics as the product needs them, and repairs the settings of those that somebody else made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka.errors import for_code  # type: ignore[import-untyped]
from aiokafka.protocol.admin import (  # type: ignore[import-untyped]
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DescribeConfigsRequest,
)

from libs.events.log import Topic, Unavailable
from libs.events.log.kafka_cluster import Cluster
from libs.events.log.kafka_protocol import TOPIC, AlterTopics

TIMEOUT_MS = 10_000
EXISTS = 36
UNKNOWN_TOPIC = 3
# Timed out, not the controller, too few brokers, a broker starting: a cluster that is coming up says all of these.
PASSING = {7, 8, 14, 15, 38, 41}

log = structlog.get_logger(__name__)


def settings(topic: Topic, replication: int) -> dict[str, str]:
    """What the topic must be set to."""
    wanted = {
        "cleanup.policy": "delete",
        "compression.type": "producer",
        "min.insync.replicas": "2" if replication >= 3 else "1",
        "retention.bytes": "-1",
        "retention.ms": str(topic.retention_ms),
    }
    if topic.retention_ms >= 0:
        # Kafka deletes whole segments once their last record is too old: their span is taken off, for "at most" is what
        # is promised of personal data. And age is counted from arrival, for publishers may say any time.
        span = max(topic.retention_ms // 14, 60_000)
        wanted |= {
            "segment.ms": str(span),
            "retention.ms": str(max(topic.retention_ms - span, 0)),
            "message.timestamp.type": "LogAppendTime",
            # Publishers may compress as they like; without more libraries aiokafka reads nothing but gzip.
            "compression.type": "uncompressed",
        }
    return wanted


async def ensure(cluster: Cluster, topics: Sequence[Topic], replication: int) -> None:
    """Creates what is missing and waits until every partition has a leader."""
    replication = replication or min(3, max(1, cluster.brokers))
    wanted = {topic.name: topic for topic in topics}
    pause = 0.05
    while True:
        found = await cluster.describe(list(wanted))
        if missing := [topic for name, topic in wanted.items() if name not in found]:
            await create(cluster, missing, replication)
        elif all(-1 not in topic.leaders.values() for topic in found.values()):
            break
        await asyncio.sleep(pause)
        pause = min(2 * pause, 2.0)
    for name, topic in found.items():
        if (partitions := len(topic.leaders)) != wanted[name].partitions:
            # Not changed: it would move subjects between partitions. That takes a new topic and a republish.
            log.warning("partitions_differ", topic=name, wanted=wanted[name].partitions, partitions=partitions)
    await repair(cluster, {
        # By the copies there are, not by those asked for: a minimum above them would stop every publish.
        name: settings(wanted[name], topic.replication) for name, topic in found.items()
    })


async def create(cluster: Cluster, topics: Sequence[Topic], replication: int) -> None:
    """Asks once; that somebody else was faster, or that the cluster is not ready, is no error."""
    asked: list[Any] = [
        (topic.name, topic.partitions, replication, [], list(settings(topic, replication).items()))
        for topic in topics
    ]
    answer = await cluster.send(CreateTopicsRequest(asked, TIMEOUT_MS, False))
    for name, code, message in answer.topic_errors:
        if code in PASSING:
            log.warning("topic_not_created_yet", topic=name, error=for_code(code).__name__, message=message)
        elif code not in (0, EXISTS):
            raise Unavailable(f"{name} cannot be created: {for_code(code).__name__}: {message}")


async def repair(cluster: Cluster, wanted: dict[str, dict[str, str]]) -> None:
    """Sets what differs: a topic that a broker made by itself would lose its facts after a week."""
    answer = await cluster.send(DescribeConfigsRequest([(TOPIC, name, list(wanted[name])) for name in wanted], False))
    differ: dict[str, dict[str, str]] = {}
    for code, message, _, name, entries in answer.resources:
        if code:
            log.error("topic_settings_unknown", topic=name, error=for_code(code).__name__, message=message)
            continue
        found = {entry[0]: entry[1] for entry in entries}
        if different := {key: value for key, value in wanted[name].items() if found.get(key) != value}:
            log.warning("topic_settings_differ", topic=name, found={key: found.get(key) for key in different},
                        wanted=different)
            differ[name] = different
    if differ:
        answer = await cluster.send(AlterTopics(differ))
        for code, message, _, name in answer.responses:
            if code:
                log.error("topic_settings_not_changed", topic=name, error=for_code(code).__name__, message=message)


async def drop(cluster: Cluster, name: str) -> None:
    """Deletes a topic with all its records; returns when it is gone."""
    while True:
        answer = await cluster.send(DeleteTopicsRequest([name], TIMEOUT_MS))
        [(_, code)] = answer.topic_error_codes
        if code not in PASSING | {0, UNKNOWN_TOPIC}:
            raise Unavailable(f"{name} cannot be deleted: {for_code(code).__name__}")
        if not await cluster.describe([name]):
            return
        await asyncio.sleep(0.05)
