"""One transaction of a consumer: the offsets, the effects and the marks commit together, or none of them does.

That is the whole of "an effect happens once": a repeated record finds its mark passed, a zombie finds its offset moved,
a crash finds nothing half done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from libs.events.clock import Clock
from libs.events.consuming.decoding import Arrival, Bad, decode
from libs.events.consuming.entries import Entries, Row, Sealer
from libs.events.consuming.faults import Poison, may_pass
from libs.events.consuming.hints import Hints
from libs.events.consuming.ledger import Key, Ledger
from libs.events.consuming.offsets import Offsets, Partition
from libs.events.consuming.quarantine import opened
from libs.events.consuming.sequencing import NOTHING, Mark, Sequencer
from libs.events.consuming.work import Work
from libs.events.envelope import Event
from libs.events.log import Record
from libs.events.store.database import Database, Transaction
from libs.events.store.instants import from_micros


class Handler(Protocol):
    """What a consumer does with new facts."""

    topics: tuple[str, ...]

    async def apply(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """The effects of new facts, each subject's in order. Raises for one that cannot be taken."""
        ...

    def committed(self) -> None:
        """Called after effects were committed."""
        ...


@dataclass(slots=True)
class Done:
    """What a transaction did."""

    marks: dict[Key, Mark] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    left: dict[Key, Partition] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """What came, by subject, and what was found out about the rest."""

    by_key: dict[Key, list[Arrival]] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    condemned: list[Arrival] = field(default_factory=list)
    skipped: int = 0
    resolved: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)

    def add(self, arrival: Arrival) -> None:
        self.by_key.setdefault(arrival.key, []).append(arrival)


Sequencers = dict[Key, Sequencer[Arrival]]


class Batch:
    """Does the work of one consumer."""

    def __init__(
        self, database: Database, handler: Handler, offsets: Offsets, ledger: Ledger, entries: Entries, hints: Hints,
        sealer: Sealer, clock: Clock,
    ) -> None:  # fmt: skip
        self._database, self._handler, self._offsets, self._ledger = database, handler, offsets, ledger
        self._entries, self._hints, self._sealer, self._clock = entries, hints, sealer, clock

    async def commit(self, work: Work) -> Done:
        """Does it. Raises `Fenced`, `Poison`, or the fault that prevented it."""
        async with self._database.begin() as tx:
            await self._offsets.claim(tx, work.spans, set(work.revive.values()))
            found = self._sort(work)
            await self._revive(tx, work, found)
            done = Done()
            sequencers = await self._sequence(tx, work, found, done)
            await self._apply(tx, work, found, sequencers, done)
            if work.spans:
                await self._offsets.move(tx, work.spans)
        return done

    def _sort(self, work: Work) -> Sorted:
        found = Sorted(left_out=self._hints.left_out)
        stopped = self._hints.stopped
        for arrival in work.arrivals:
            if isinstance(arrival, Bad):
                found.bad.append(arrival)
            elif arrival.event.id in work.condemned:
                found.condemned.append(arrival)
            elif stopped and arrival.event.id in stopped:
                found.skipped += 1  # it stands in quarantine: its subject's next ones find that it is missing
            else:
                found.add(arrival)
        return found

    async def _revive(self, tx: Transaction, work: Work, found: Sorted) -> None:
        """Adds what the operator wants retried or discarded."""
        for row in await self._ledger.revived(tx, work.revive):
            if row.state == "discarding" and row.kind == "fact":
                found.left_out = found.left_out | {row.event_id}
                found.add(Arrival(_empty(row), _stand_in(row), entry=row.id))
            elif row.state == "discarding":
                found.resolved.add(row.id)
            elif (record := opened(row, self._sealer)) is None:
                await self._ledger.reopen(tx, row.id, "expired")
            else:
                arrival = decode(record)
                arrival.entry, arrival.tries = row.id, row.attempts
                if isinstance(arrival, Bad):
                    found.bad.append(arrival)
                elif arrival.event.id in work.condemned:
                    found.condemned.append(arrival)
                else:
                    found.add(arrival)

    async def _sequence(self, tx: Transaction, work: Work, found: Sorted, done: Done) -> Sequencers:
        keys = found.by_key.keys() | work.revive.keys()
        marks = await self._ledger.marks(tx, keys) if keys else {}
        sequencers: Sequencers = {k: Sequencer(marks.get(k, NOTHING)) for k in keys}
        for key, arrivals in found.by_key.items():
            sequencers[key].offer_all(arrivals)
        if not (self._hints.held or work.revive):
            return sequencers
        moved = {k for k, s in sequencers.items() if s.ready}
        kept, more = await self._ledger.kept(tx, work.revive.keys() | (self._hints.held & moved))
        for arrival in kept:
            if more:
                done.left[arrival.key] = arrival.record.topic, arrival.record.partition
            if arrival.event.id in work.condemned:
                found.condemned.append(arrival)
            elif arrival.event.id not in self._hints.stopped:
                sequencers[arrival.key].offer(arrival)
        return sequencers

    async def _apply(self, tx: Transaction, work: Work, found: Sorted, sequencers: Sequencers, done: Done) -> None:
        taken: list[Arrival] = []
        waits: list[Arrival] = []
        budget = len(work.arrivals) + 10**6 if work.limit is None else work.limit
        for key, sequencer in sequencers.items():
            ready = sequencer.ready
            if len(ready) > budget:
                waits += ready[budget:]
                done.left[key] = ready[budget].record.topic, ready[budget].record.partition
                ready = ready[:budget]
            if ready:
                budget -= len(ready)
                taken += ready
                done.marks[key] = sequencer.mark(len(ready))
            if sequencer.ahead:
                waits += sequencer.ahead.values()
        effects = [a for a in taken if a.event.id not in found.left_out] if found.left_out else taken
        if effects:
            try:
                await self._handler.apply(tx, effects)
            except Exception as error:
                if may_pass(error):
                    raise
                raise Poison(type(error).__name__, effects) from error
        await self._ledger.set_marks(tx, done.marks.items())
        await self._rest(tx, work, found, sequencers, taken, waits, done)
        done.counts |= {"applied": len(effects), "discarded": len(taken) - len(effects)}

    async def _rest(
        self, tx: Transaction, work: Work, found: Sorted, sequencers: Sequencers, taken: list[Arrival],
        waits: list[Arrival], done: Done,
    ) -> None:  # fmt: skip
        """What was not simply applied. In good times there is none of it, and it costs no round trip."""
        now = self._clock.now()
        duplicates = [a for s in sequencers.values() for a in s.duplicates]
        ended = [a for s in sequencers.values() for a in s.ended]
        forks = [a for s in sequencers.values() for a in s.forks]
        new_waits = [a for a in waits if not a.kept]
        await self._ledger.keep(tx, new_waits, now)
        await self._ledger.release(tx, [a for a in (*taken, *duplicates, *ended, *forks, *found.condemned) if a.kept])
        done.rows = [self._entries.bad(b, self._topic_id(work, b), now) for b in found.bad]
        done.rows += [self._entries.fact(a, "fork", "", now, "fork") for a in forks]
        done.rows += [self._entries.fact(a, "cannot_apply", work.condemned[a.event.id], now) for a in found.condemned]
        await self._entries.write(tx, done.rows)
        resolved = found.resolved | {a.entry for a in (*taken, *duplicates, *ended, *waits) if a.entry}
        if unread := self._hints.unread:  # a fact that could not be read came again, and now it could
            resolved |= {unread[a.event.id] for a in taken if a.event.id in unread}
        await self._ledger.resolve(tx, resolved)
        done.kept = {a.key for a in waits}
        done.stopped = {a.event.id for a in found.condemned}
        done.counts = {
            "duplicate": len(duplicates) + found.skipped, "ended": len(ended), "waiting": len(new_waits),
            "fork": len(forks), "quarantined": len(found.bad) + len(found.condemned),
        }  # fmt: skip

    def _topic_id(self, work: Work, bad: Bad) -> str:
        span = work.spans.get((bad.record.topic, bad.record.partition))
        return span.topic_id if span else ""


def _empty(row: Any) -> Record:
    return Record(row.topic, row.partition, row.record_offset, None, b"")


def _stand_in(row: Any) -> Event:
    """Takes a discarded fact's place in the order; it has no effect."""
    at = from_micros(row.created)
    return Event(row.event_id, row.type, 1, row.service, row.subject, row.sequence, at, at, "", {}, row.epoch)
