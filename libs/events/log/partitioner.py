"""Which partition a key belongs to: Kafka's own rule in both engines, so that a change of engine moves no subject."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from libs.events.log import Outgoing

# Kafka takes batches of 1 MiB where nobody changed it; events are at most 256 KiB, so this is never met by one of ours.
MAX_VALUE = 900_000

MIX = 0x5BD1E995
SEED = 0x9747B28C
WORD = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2 as Kafka's Java client computes it, as an unsigned 32-bit number."""
    whole = len(data) & ~3
    mixed = SEED ^ len(data)
    for word in struct.unpack_from(f"<{whole >> 2}I", data):
        word = word * MIX & WORD
        word = (word ^ word >> 24) * MIX & WORD
        mixed = (mixed * MIX & WORD) ^ word
    if whole != len(data):
        mixed = (mixed ^ int.from_bytes(data[whole:], "little")) * MIX & WORD
    mixed = (mixed ^ mixed >> 13) * MIX & WORD
    return mixed ^ mixed >> 15


# A subject's records come in bunches, and hashing costs more than everything else done for a record here.
@lru_cache(maxsize=16384)
def key_hash(key: bytes) -> int:
    """What decides the partition: `key_hash(key) % partitions`."""
    return murmur2(key) & 0x7FFFFFFF


def place(record: Outgoing, partitions: int) -> int:
    """The partition of a record. Raises `ValueError` for one that no log would take."""
    if len(record.value) > MAX_VALUE:
        raise ValueError(f"a record of {len(record.value)} bytes; the most is {MAX_VALUE}")
    return key_hash(record.key) % partitions


def spread(records: Iterable[Outgoing], partitions: int) -> dict[int, list[Outgoing]]:
    """The records by partition, in their order. Raises `ValueError` for one that no log would take."""
    found: dict[int, list[Outgoing]] = defaultdict(list)
    for record in records:
        found[place(record, partitions)].append(record)
    return found
