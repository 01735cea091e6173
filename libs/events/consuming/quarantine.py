"""The operator's side of the quarantine: list, show, retry, discard.

A retry or discard is only noted here. The consumer that owns the entry notices within a second and does it in its own
transaction, in order with everything that waits behind, so that an operator's command needs no running consumer and
races with none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from libs.events.clock import Clock
from libs.events.consuming.decoding import unpack
from libs.events.consuming.entries import Sealer
from libs.events.consuming.tables import discarded, quarantine
from libs.events.log import Record
from libs.events.store.database import Database
from libs.events.store.instants import from_micros, to_micros

_q = quarantine.c


class Unknown(LookupError):
    """No such entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `record` only where its bytes were asked for and are still kept."""

    id: str
    consumer: str
    kind: str
    state: str
    reason: str
    error: str
    service: str
    subject: str
    sequence: int
    type: str
    topic: str
    partition: int
    offset: int
    attempts: int
    created: datetime
    expires: datetime
    record: Record | None = None


class Quarantine:
    """The quarantine of one service."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database, self._sealer, self._clock = database, sealer, clock

    async def list(self, *, consumer: str = "", reason: str = "", after: str = "", limit: int = 100) -> Sequence[Entry]:
        """Entries by id, without their bytes."""
        query = select(quarantine).where(_q.id > after)
        if consumer:
            query = query.where(_q.consumer == consumer)
        if reason:
            query = query.where(_q.reason == reason)
        async with self._database.read() as reader:
            rows = (await reader.conn.execute(query.order_by(_q.id).limit(limit))).all()
        return [_entry(row) for row in rows]

    async def show(self, entry: str) -> Entry:
        """One entry with its record as it came. Raises `Unknown`."""
        async with self._database.read() as reader:
            row = (await reader.conn.execute(select(quarantine).where(_q.id == entry))).first()
        if row is None:
            raise Unknown(entry)
        return _entry(row, opened(row, self._sealer))

    async def retry(self, entry: str) -> None:
        """Asks for another try. Raises `Unknown`."""
        async with self._database.begin() as tx:
            asked = update(quarantine).where(_q.id == entry, _q.kind != "fork").values(state="retrying")
            if not (await tx.conn.execute(asked)).rowcount:
                raise Unknown(entry)

    async def discard(self, entry: str) -> None:
        """Gives an entry up: a fact is left out from now on, in rebuilds, too, and what waits behind it goes on.
        Raises `Unknown`."""
        now = to_micros(self._clock.now())
        async with self._database.begin() as tx:
            asked = update(quarantine).where(_q.id == entry).values(state="discarding")
            if not (await tx.conn.execute(asked)).rowcount:
                raise Unknown(entry)
            row = (await tx.conn.execute(select(quarantine).where(_q.id == entry))).one()
            if row.kind == "fact":
                left_out = (row.event_id, row.consumer, row.service, row.subject, row.sequence, now)
                await tx.insert(discarded, [left_out])


def opened(row: Any, sealer: Sealer) -> Record | None:
    """The record in a row of the table; None where its bytes are no longer kept. Raises `KeyUnavailable`."""
    return None if row.raw is None else unpack(sealer.open_bytes(f"quarantine {row.id}", bytes(row.raw)))


def _entry(row: Any, record: Record | None = None) -> Entry:
    return Entry(
        row.id, row.consumer, row.kind, row.state, row.reason, row.error, row.service, row.subject, row.sequence,
        row.type, row.topic, row.partition, row.record_offset, row.attempts, from_micros(row.created),
        from_micros(row.expires), record,
    )  # fmt: skip
