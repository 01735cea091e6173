"""What aiokafka's protocol classes lack: topic ids (Metadata v10, Kafka 2.8) and changing single topic settings."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from aiokafka.protocol.abstract import AbstractType  # type: ignore[import-untyped]
from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]
from aiokafka.protocol.types import (  # type: ignore[import-untyped]
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

TOPIC = 2
SET = 0


class Uuid(AbstractType):  # type: ignore[misc]
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: UUID) -> bytes:
        """To the wire."""
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        """From the wire."""
        return UUID(bytes=data.read(16))


class DescribeTopicsResponse(Response):  # type: ignore[misc]
    """Brokers and topics, with their ids."""

    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(
            ("node_id", Int32), ("host", CompactString()), ("port", Int32), ("rack", CompactString()),
            ("tags", TaggedFields))),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        ("topics", CompactArray(
            ("error_code", Int16), ("name", CompactString()), ("topic_id", Uuid), ("is_internal", Boolean),
            ("partitions", CompactArray(
                ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
                ("replicas", CompactArray(Int32)), ("isr", CompactArray(Int32)), ("offline", CompactArray(Int32)),
                ("tags", TaggedFields))),
            ("authorized_operations", Int32), ("tags", TaggedFields))),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )  # fmt: skip


class DescribeTopicsRequest(RequestStruct):  # type: ignore[misc]
    """Metadata v10 on the wire."""

    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = DescribeTopicsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString()), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class DescribeTopics(Request[DescribeTopicsRequest]):  # type: ignore[misc]
    """Asks for some topics by name, and never makes one by asking."""

    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def build(self, request_struct_class: type[DescribeTopicsRequest]) -> DescribeTopicsRequest:
        """For the version the broker speaks."""
        return request_struct_class([(UUID(int=0), name, {}) for name in self.names], False, False, False, {})


class AlterTopicsResponse(Response):  # type: ignore[misc]
    """Per topic, whether its settings were changed."""

    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("responses", Array(
            ("error_code", Int16), ("error_message", String("utf-8")), ("type", Int8), ("name", String("utf-8")))),
    )  # fmt: skip


class AlterTopicsRequest(RequestStruct):  # type: ignore[misc]
    """IncrementalAlterConfigs v0 on the wire."""

    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = AlterTopicsResponse
    SCHEMA = Schema(
        ("resources", Array(
            ("type", Int8), ("name", String("utf-8")),
            ("configs", Array(("name", String("utf-8")), ("operation", Int8), ("value", String("utf-8")))))),
        ("validate_only", Boolean),
    )  # fmt: skip


class AlterTopics(Request[AlterTopicsRequest]):  # type: ignore[misc]
    """Sets the named settings and leaves all others; aiokafka's own AlterConfigs resets those it is not told of."""

    API_KEY = 44

    def __init__(self, settings: dict[str, dict[str, str]]) -> None:
        self.settings = settings

    def build(self, request_struct_class: type[AlterTopicsRequest]) -> AlterTopicsRequest:
        """For the version the broker speaks."""
        resources: list[Any] = [
            (TOPIC, topic, [(name, SET, value) for name, value in values.items()])
            for topic, values in self.settings.items()
        ]
        return request_struct_class(resources, False)
