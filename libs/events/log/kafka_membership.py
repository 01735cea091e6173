"""A member of a Kafka group as aiokafka makes it: its options, what the group gives it, and how to be rid of it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener  # type: ignore[import-untyped]
from aiokafka.coordinator.assignors.range import RangePartitionAssignor  # type: ignore[import-untyped]

from libs.events.log.kafka_cluster import Connection

CLOSING = 10.0

log = structlog.get_logger(__name__)


def options(connection: Connection, group: str, member: str) -> dict[str, Any]:
    """What an `AIOKafkaConsumer` is made with."""
    return {
        "group_id": connection.prefix + group,
        "group_instance_id": member or None,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        # What a foreign publisher took back in a transaction was never published.
        "isolation_level": "read_committed",
        # Equal partitions of several topics go to one member, and with them all that concerns one subject.
        "partition_assignment_strategy": (RangePartitionAssignor,),
        # A named member has this long to restart without anybody else getting its partitions.
        "session_timeout_ms": 30_000 if member else 10_000,
        "heartbeat_interval_ms": 1000,
        "request_timeout_ms": 40_000,
        **connection.options(),
    }


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """What the group gave us, counted: `turn` changes with every loss and every gain."""

    def __init__(self) -> None:
        self.turn = 0
        self.partitions: frozenset[Any] = frozenset()
        self.given = asyncio.Event()

    def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Comes before the group decides anew."""
        self.turn += 1
        self.given.clear()

    def on_partitions_assigned(self, assigned: set[Any]) -> None:
        """Comes after; aiokafka may already be reading by then, from wherever the group last committed."""
        self.turn += 1
        self.partitions = frozenset(assigned)
        self.given.set()


async def close(consumer: Any) -> None:
    """What `stop` does, part by part: where the cluster is away, one part failing would leave the next ones running,
    and the fetcher lets out the cancellation of its own tasks, which then looks like ours."""
    consumer._closed = True
    for part in (consumer._coordinator, consumer._fetcher, consumer._client):
        if part is None:
            continue
        closing = asyncio.ensure_future(part.close())
        await asyncio.wait([closing], timeout=CLOSING)
        if not closing.done():
            closing.cancel()
            await asyncio.wait([closing])
        if not closing.cancelled() and (error := closing.exception()):
            log.debug("consumer_not_closed", part=type(part).__name__, error=repr(error))
