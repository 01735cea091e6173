"""The log on Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from libs.events.log import Consumer, Locate, Outgoing, Slot, Topic, Unavailable
from libs.events.log.kafka_cluster import END, Cluster, Connection
from libs.events.log.kafka_consumer import KafkaConsumer
from libs.events.log.kafka_producer import Producer
from libs.events.log.kafka_topics import drop, ensure


class KafkaLog:
    """Topics of one cluster, all named with the connection's prefix."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cluster = Cluster(connection)
        self._producer = Producer(connection, self._cluster)

    async def start(self) -> None:
        """Connects; waits for a cluster that is still starting."""
        await self._cluster.start()

    async def ensure(self, topics: Sequence[Topic]) -> None:
        """Creates what is missing, and repairs settings that would lose records."""
        named = [replace(topic, name=self._connection.prefix + topic.name) for topic in topics]
        await ensure(self._cluster, named, self._connection.replication)

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Publishes in order, confirmed by all replicas in sync."""
        await self._producer.publish(self._connection.prefix + topic, records)

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        """A member of `group`, which shares the partitions among its members. Two live ones of one name would throw
        each other out by turns."""
        return KafkaConsumer(self._connection, self._cluster, group, topics, locate, member)

    async def ends(self, topic: str) -> dict[Slot, int]:
        """The offset after the last record of every partition; empty for a topic that does not exist."""
        name = self._connection.prefix + topic
        described = (await self._cluster.describe([name])).get(name)
        if described is None:
            return {}
        ends = await self._cluster.offsets(name, END)
        if ends.keys() != described.leaders.keys():
            raise Unavailable(f"{topic} was made anew just now")
        return {Slot(topic, partition, described.topic_id): ends[partition] for partition in sorted(ends)}

    async def drop(self, topic: str) -> None:
        """Deletes a topic and its records; for operators, who refill it by a republish."""
        await drop(self._cluster, self._connection.prefix + topic)

    async def stop(self) -> None:
        """Closes the connections; the consumers are stopped by who started them."""
        await self._producer.stop()
        await self._cluster.stop()
