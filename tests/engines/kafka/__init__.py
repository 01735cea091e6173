"""A real Apache Kafka broker (KRaft, one node): `jars` fetches it once, `java` finds a Java, `broker` runs it."""

from tests.engines.kafka.broker import Kafka

__all__ = ["Kafka"]
