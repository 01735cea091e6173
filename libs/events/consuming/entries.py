"""Entries in quarantine: how they are written. Their bytes are sealed under the service's own key and kept for a while;
beside them stand only names, numbers, a reason and the type of the error, never what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from sqlalchemy import delete, update

from libs.events.catalogue import all_types
from libs.events.consuming.decoding import Arrival, Bad, pack
from libs.events.consuming.tables import quarantine
from libs.events.log import Record
from libs.events.store.database import Transaction
from libs.events.store.instants import to_micros

Kind = Literal["fact", "record", "fork", "inbound"]


class Sealer(Protocol):
    """Seals bytes that belong to the service and to no subject (a `SubjectKey` does)."""

    def seal_bytes(self, label: str, plain: bytes) -> bytes:
        """The bytes encrypted, bound to `label`."""
        ...

    def open_bytes(self, label: str, sealed: bytes) -> bytes:
        """The bytes again. Raises `KeyUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, in the order of the table's columns."""

    id: str
    consumer: str
    kind: Kind
    state: str
    reason: str
    error: str
    service: str
    subject: str
    sequence: int
    epoch: int
    event_id: str
    type: str
    topic: str
    partition: int
    record_offset: int
    key: str
    attempts: int
    raw: bytes | None
    created: int
    expires: int


class Entries:
    """Writes the entries of one consumer."""

    def __init__(self, consumer: str, sealer: Sealer, keep: timedelta) -> None:
        self._consumer, self._sealer, self._keep = consumer, sealer, keep
        self._types = frozenset(kind.name for kind in all_types())

    def fact(self, arrival: Arrival, reason: str, error: str, now: datetime, kind: Kind = "fact") -> Row:
        """An entry for a fact; the same again for the same fact."""
        event, record = arrival.event, arrival.record
        name = arrival.entry or entry_id(self._consumer, event.id)
        return Row(
            name, self._consumer, kind, "open", reason, error, event.service, event.subject, event.sequence,
            event.epoch, event.id, event.type, record.topic, record.partition, record.offset, "", arrival.tries + 1,
            self.seal(name, record), to_micros(now), to_micros(now + self._keep),
        )  # fmt: skip

    def bad(self, bad: Bad, topic_id: str, now: datetime) -> Row:
        """An entry for a record that is no fact we know; it holds up its subject where that can be told."""
        record, event_id = bad.record, bad.told("id")
        name = bad.entry or entry_id(self._consumer, record.topic, topic_id, str(record.partition), str(record.offset))
        kind: Kind = "fact" if bad.told("subject") and bad.sequence and event_id else "record"
        return Row(
            name, self._consumer, kind, "open", bad.reason, bad.error, bad.service, bad.told("subject"), bad.sequence,
            bad.epoch, event_id, bad.type, record.topic, record.partition, record.offset, "", bad.tries + 1,
            self.seal(name, record), to_micros(now), to_micros(now + self._keep),
        )  # fmt: skip

    def inbound(
        self, record: Record, identity: tuple[str, ...], reason: str, error: str, kind: str, key: str, now: datetime
    ) -> Row:
        """An entry for another system's event; `identity` makes it the same again when it is read again."""
        name = entry_id(self._consumer, *identity)
        # a type that is none of ours is the publisher's own text and may hold anything: it stands in the sealed bytes
        kind = kind if kind in self._types else ""
        return Row(
            name, self._consumer, "inbound", "open", reason, error, "", "", 0, 0, "", kind, record.topic,
            record.partition, record.offset, key, 1,
            self.seal(name, record), to_micros(now), to_micros(now + self._keep),
        )  # fmt: skip

    def seal(self, name: str, record: Record) -> bytes:
        """A record's bytes, sealed for the entry `name`."""
        return self._sealer.seal_bytes(f"quarantine {name}", pack(record))

    async def write(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Writes entries; one that is there already is told anew."""
        latest = {row.id: row for row in rows}
        await tx.upsert(quarantine, [astuple(row) for row in latest.values()])


async def purge(tx: Transaction, consumer: str, now: datetime) -> None:
    """Clears bytes whose time is over; an entry that holds up its subject stays until somebody decides."""
    q = quarantine.c
    mine = (q.consumer == consumer, q.expires <= to_micros(now))
    await tx.conn.execute(update(quarantine).where(*mine, q.raw.is_not(None)).values(raw=None))
    await tx.conn.execute(delete(quarantine).where(*mine, q.kind != "fact"))


def entry_id(*parts: str) -> str:
    """The id of the entry for one thing, the same however often it comes."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
