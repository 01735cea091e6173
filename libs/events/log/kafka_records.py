"""Records from Kafka: aiokafka's made ours, and those that aiokafka cannot read.

It raises on a header whose name is no UTF-8, which brokers accept from foreign publishers, and does so again and again,
so that one bad record would hold up all inbound topics for ever. Here it is a record like any other, with a spoiled
header, and whether it is good for anything is for the reader to say.
"""

from __future__ import annotations

import struct
from typing import Any

from aiokafka.protocol.fetch import FetchRequest  # type: ignore[import-untyped]
from aiokafka.record.default_records import _DefaultRecordBatchPy  # type: ignore[import-untyped]
from aiokafka.record.util import decode_varint  # type: ignore[import-untyped]

from libs.events.log import Record, Slot
from libs.events.log.kafka_cluster import Cluster

BYTES = 1024 * 1024
BEFORE_LENGTH, UP_TO_LENGTH = 8, 12
SPOILED = "\ufffd"


def as_records(topic: str, partition: int, records: list[Any]) -> list[Record]:
    """Ours from aiokafka's; what a foreign publisher left null is empty."""
    found = []
    for record in records:
        headers = dict(record.headers)
        if None in headers.values():
            headers = {name: value or b"" for name, value in headers.items()}
        found.append(
            Record(topic, partition, record.offset, record.key, record.value or b"", headers, record.timestamp))
    return found


async def read_leniently(cluster: Cluster, name: str, slot: Slot, position: int) -> list[Record]:
    """The records from a position on, if one of them is what aiokafka stumbles over; else none."""
    described = (await cluster.describe([name])).get(name)
    leader = described.leaders.get(slot.partition, -1) if described else -1
    if leader < 0:
        return []
    answer = await cluster.send(FetchRequest(0, 1, BYTES, 0, [(name, [(slot.partition, position, BYTES)])]), leader)
    found = [
        record
        for _, partitions in answer.topics
        for _, code, *_, data in partitions
        if code == 0 and data
        for record in records(data, slot.topic, slot.partition)
        if record.offset >= position
    ]
    return found if any(SPOILED in header for record in found for header in record.headers) else []


def records(data: bytes, topic: str, partition: int) -> list[Record]:
    """All records of the whole batches in a fetch's answer."""
    found = []
    start = 0
    while len(data) - start >= UP_TO_LENGTH:
        [length] = struct.unpack_from(">i", data, start + BEFORE_LENGTH)
        end = start + UP_TO_LENGTH + length
        if end > len(data):                       # the broker cuts the last batch where its limit is
            break
        batch = _DefaultRecordBatchPy(data[start:end])
        start = end
        if batch.is_control_batch:
            continue
        batch._maybe_uncompress()
        buffer, at = batch._buffer, batch._pos
        for _ in range(batch._num_records):
            size, at = decode_varint(buffer, at)
            found.append(record(bytes(buffer[at:at + size]), batch, topic, partition))
            at += size
    return found


def record(body: bytes, batch: _DefaultRecordBatchPy, topic: str, partition: int) -> Record:
    """One record of the format's version 2."""
    at = 1                                        # after the attributes, which are not used
    age, at = decode_varint(body, at)
    offset, at = decode_varint(body, at)
    key, at = blob(body, at)
    value, at = blob(body, at)
    count, at = decode_varint(body, at)
    headers = {}
    for _ in range(count):
        header, at = blob(body, at)
        content, at = blob(body, at)
        headers[(header or b"").decode("utf-8", "replace")] = content or b""
    timestamp = batch.max_timestamp if batch.timestamp_type else batch.first_timestamp + age
    return Record(topic, partition, batch.base_offset + offset, key, value or b"", headers, timestamp)


def blob(body: bytes, at: int) -> tuple[bytes | None, int]:
    """Bytes with their length before them; null where that is negative."""
    size, at = decode_varint(body, at)
    return (None, at) if size < 0 else (body[at:at + size], at + size)
