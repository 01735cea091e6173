"""What is done with the embedded log's tables, a transaction each. All of it runs in the file's own threads."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import orjson

from libs.events.log import Outgoing, Record, Slot, Topic, Unavailable
from libs.events.log.embedded_schema import Transaction, forget
from libs.events.log.partitioner import spread

FETCH_BYTES = 16 * 1024 * 1024
EXPIRE_AT_ONCE = 1000


@dataclass(slots=True)
class Found:
    """What one look saw, in one snapshot: every slot with its end, and records where they were asked for."""

    ends: dict[Slot, int]
    records: dict[Slot, list[Record]]


def ensure(line: sqlite3.Connection, topics: Sequence[Topic]) -> dict[str, int]:
    """Creates what is missing and sets retention; answers the topics that have another number of partitions."""
    differ = {}
    with Transaction(line):
        for topic in topics:
            made = line.execute(
                "INSERT INTO topics (name, topic_id, partitions, retention_ms) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET retention_ms = excluded.retention_ms RETURNING id, partitions",
                (topic.name, str(uuid4()), topic.partitions, topic.retention_ms),
            ).fetchone()
            if made[1] != topic.partitions:
                differ[topic.name] = made[1]
            line.executemany(
                "INSERT OR IGNORE INTO partitions (topic, partition) VALUES (?, ?)",
                [(made[0], partition) for partition in range(made[1])],
            )
    return differ


def drop(line: sqlite3.Connection, name: str) -> None:
    """Deletes a topic and its records."""
    with Transaction(line):
        line.execute("DELETE FROM topics WHERE name = ?", (name,))
    forget(line)


def append(line: sqlite3.Connection, publishes: Sequence[tuple[str, Sequence[Outgoing]]]) -> list[Exception | None]:
    """Appends many publishes in one transaction; answers, for each, why it could not be."""
    # Whatever can be done before is, for nobody else writes while the transaction lasts.
    ready = [prepared(line, name, records) for name, records in publishes]
    now = time.time_ns() // 1_000_000
    outcomes: list[Exception | None] = []
    with Transaction(line):
        for (name, _), rows in zip(publishes, ready, strict=True):
            if isinstance(rows, Exception):
                outcomes.append(rows)
            elif find(line, name) != rows.topic:
                outcomes.append(Unavailable(f"{name} was made anew just now"))
            else:
                outcomes.append(None)
                topic = rows.topic[0]
                for partition, those in rows.by_partition.items():
                    [end] = line.execute(
                        'UPDATE partitions SET "end" = "end" + ? WHERE topic = ? AND partition = ? RETURNING "end"',
                        (len(those), topic, partition),
                    ).fetchone()
                    line.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", (
                        (topic, partition, offset, *row, now) for offset, row in enumerate(those, end - len(those))))
    return outcomes


@dataclass(slots=True)
class Rows:
    """A publish made ready: `(key, headers, value)` by partition of the topic as it was found."""

    topic: tuple[int, int]
    by_partition: dict[int, list[tuple[bytes, bytes, bytes]]]


def prepared(line: sqlite3.Connection, name: str, records: Sequence[Outgoing]) -> Rows | Exception:
    """The rows to append, or why there can be none."""
    topic = find(line, name)
    if topic is None:
        return Unavailable(f"there is no topic {name}")
    try:
        return Rows(topic, {
            partition: [(record.key, pack(record), record.value) for record in those]
            for partition, those in spread(records, topic[1]).items()
        })
    except Exception as error:          # one publish's fault must not become that of those it shares a transaction with
        return error


def find(line: sqlite3.Connection, name: str) -> tuple[int, int] | None:
    """A topic's row and its number of partitions."""
    row = line.execute("SELECT id, partitions FROM topics WHERE name = ?", (name,)).fetchone()
    return (row[0], row[1]) if row else None


def look(line: sqlite3.Connection, names: Sequence[str], positions: dict[Slot, int], most: int) -> Found:
    """The ends of the topics' slots, and up to `most` records from the positions; none where the slots are others."""
    with Transaction(line, "DEFERRED"):
        rows = {
            Slot(name, partition, topic_id): (topic, end)
            for name, topic_id, topic, partition, end in line.execute(
                'SELECT name, topic_id, id, partition, "end" FROM topics JOIN partitions ON topic = id'
                " WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name, partition",
                (orjson.dumps(list(names)).decode(),),
            )
        }
        found = Found({slot: end for slot, (_, end) in rows.items()}, {})
        if positions.keys() != rows.keys():
            return found
        room = FETCH_BYTES
        for slot, position in positions.items():
            topic, end = rows[slot]
            if position >= end or most <= 0 or room <= 0:
                continue
            records = []
            for offset, key, headers, value, timestamp in line.execute(
                'SELECT "offset", key, headers, value, timestamp FROM records'
                ' WHERE topic = ? AND partition = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?',
                (topic, slot.partition, position, most),
            ):
                records.append(Record(slot.topic, slot.partition, offset, key, value, unpack(headers), timestamp))
                room -= len(value) + len(headers)
                if room <= 0:
                    break
            found.records[slot] = records
            most -= len(records)
    return found


def expire(line: sqlite3.Connection) -> int:
    """Deletes some of the records that are too old, and answers how many; to be called until it says 0."""
    deleted = 0
    now = time.time_ns() // 1_000_000
    with Transaction(line):
        for topic, partition, retention in line.execute(
            "SELECT id, partition, retention_ms FROM topics JOIN partitions ON topic = id WHERE retention_ms >= 0"
        ).fetchall():
            # A little early, for it is done from time to time and "at most" is what is promised.
            before = now - retention + min(60_000, retention // 14)
            deleted += line.execute(
                'DELETE FROM records WHERE topic = ? AND partition = ? AND "offset" <= ('
                ' SELECT max("offset") FROM (SELECT "offset", timestamp FROM records'
                '  WHERE topic = ? AND partition = ? ORDER BY "offset" LIMIT ?) WHERE timestamp < ?)',
                (topic, partition, topic, partition, EXPIRE_AT_ONCE, before),
            ).rowcount
    if deleted:
        forget(line)
    return deleted


def pack(record: Outgoing) -> bytes:
    """Headers as a JSON object; Latin-1 gives every byte a character of its own."""
    return orjson.dumps({name: value.decode("latin-1") for name, value in record.headers})


def unpack(headers: bytes) -> dict[str, bytes]:
    """What was packed."""
    return {name: value.encode("latin-1") for name, value in orjson.loads(headers).items()}
