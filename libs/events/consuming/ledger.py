"""What one consumer has taken, what waits, and what stands in quarantine: reads and writes in a constant number of
round trips, however many facts a batch holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from libs.events.consuming.decoding import Arrival, Bad, decode, pack, unpack
from libs.events.consuming.sequencing import Mark
from libs.events.consuming.tables import applied, quarantine, waiting
from libs.events.store.database import Transaction
from libs.events.store.instants import from_micros, to_micros

Key = tuple[str, str]
"""A subject of a service: (service, subject)."""
MOST = 2000
_MARK = ("subject", "service", "consumer", "sequence", "event_id", "epoch", "recorded")
_w = waiting.c
_PLACE = ("subject", "service", "epoch", "sequence", "event_id")
_FORGET = delete(waiting).where(
    _w.consumer == bindparam("of"), *(waiting.columns[name] == bindparam(f"the_{name}") for name in _PLACE)
)


class Ledger:
    """The books of one consumer."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def marks(self, tx: Transaction, keys: Collection[Key]) -> dict[Key, Mark]:
        """The last fact taken of each."""
        rows = await tx.select_in(applied, "subject", {subject for _, subject in keys}, columns=_MARK)
        return {
            (service, subject): Mark(sequence, event_id, epoch, None if recorded is None else from_micros(recorded))
            for subject, service, consumer, sequence, event_id, epoch, recorded in rows
            if consumer == self._consumer
        }

    async def set_marks(self, tx: Transaction, marks: Iterable[tuple[Key, Mark]]) -> None:
        """Remembers the last fact taken of each."""
        rows = [
            (
                s, service, self._consumer, m.sequence, m.event_id, m.epoch,
                None if m.recorded is None else to_micros(m.recorded),
            )
            for (service, s), m in marks
        ]  # fmt: skip
        await tx.upsert(applied, rows, columns=_MARK)

    async def kept(self, tx: Transaction, keys: Collection[Key]) -> tuple[list[Arrival], bool]:
        """Facts of these subjects that wait, each subject's in order, and whether there are more than were read."""
        if not keys:
            return [], False
        query = select(_w.service, _w.subject, _w.record).where(
            _w.consumer == self._consumer, _w.subject.in_(sorted({subject for _, subject in keys}))
        )
        rows = (await tx.conn.execute(query.order_by(_w.subject, _w.epoch, _w.sequence).limit(MOST))).all()
        found = [a for service, subject, raw in rows if (service, subject) in keys for a in _waited(raw)]
        return found, len(rows) == MOST

    async def keep(self, tx: Transaction, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Keeps facts until what they follow has come."""
        since = to_micros(now)
        await tx.insert(waiting, [
            (
                a.event.subject, a.event.service, self._consumer, a.event.epoch, a.event.sequence, a.event.id,
                a.record.topic, a.record.partition, pack(a.record), since,
            )
            for a in arrivals
        ])  # fmt: skip

    async def release(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """Forgets facts that waited and do so no longer."""
        if arrivals:
            places = [{f"the_{name}": _at(a, name) for name in _PLACE} | {"of": self._consumer} for a in arrivals]
            await tx.conn.execute(_FORGET, places)

    async def revived(self, tx: Transaction, keys: Collection[Key]) -> Sequence[Any]:
        """Entries of these subjects that the operator wants retried or discarded."""
        q = quarantine.c
        query = select(quarantine).where(
            q.consumer == self._consumer, q.state != "open", q.subject.in_(sorted({subject for _, subject in keys}))
        )
        return (await tx.conn.execute(query.order_by(q.sequence).limit(MOST))).all() if keys else ()

    async def reopen(self, tx: Transaction, entry: str, reason: str) -> None:
        """Says that an entry could not be tried again, and why."""
        await tx.conn.execute(update(quarantine).where(quarantine.c.id == entry).values(state="open", reason=reason))

    async def resolve(self, tx: Transaction, entries: Collection[str]) -> None:
        """Removes entries from the quarantine."""
        if entries:
            await tx.conn.execute(delete(quarantine).where(quarantine.c.id.in_(sorted(entries))))


def _waited(raw: bytes) -> list[Arrival]:
    arrival = decode(unpack(raw))
    if isinstance(arrival, Bad):
        return []  # it could be read when it was put here: an older program runs now, the newer one will take it
    arrival.kept = True
    return [arrival]


def _at(arrival: Arrival, name: str) -> Any:
    return getattr(arrival.event, "id" if name == "event_id" else name)


__all__ = ["MOST", "Arrival", "Bad", "Key", "Ledger"]
