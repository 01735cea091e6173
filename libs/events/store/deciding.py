"""Decides units against locked subjects: pure but for the ids and keys it draws; nothing here touches the database."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from libs.events import catalogue
from libs.events.clock import Clock, new_id
from libs.events.decider import Happened, NewEvent, NotYet, Refused
from libs.events.envelope import Event
from libs.events.store.codec import Folding, has_personal, later, sealed_data
from libs.events.store.hashing import Hashing
from libs.events.store.instants import to_micros
from libs.events.store.working import Subject, Work
from libs.events.units import Answer, Outcome, Position, Receipt, Request, Unit, Verdict, refused
from libs.events.vault import SubjectKey

ERASED = Verdict("erased", refusal=Refused("erased", "this customer was erased"))
"""The verdict on a call that was answered once, about somebody who has been erased since."""


class Deciding:
    """Turns units into rows and verdicts, one after another."""

    def __init__(
        self, service: str, folding: Folding[Any], clock: Clock, hashing: Hashing, shards: int, epoch: int,
        remember: timedelta,
    ) -> None:  # fmt: skip
        self._service, self._folding, self._clock, self._hashing = service, folding, clock, hashing
        self._shards, self.epoch, self._remember = shards, epoch, remember

    def decide(self, work: Work, unit: Unit, again: bool) -> Outcome:
        """One unit: all of its requests, or none. `again`: an earlier try may have committed."""
        now = self._clock.now()
        if unit.receipt and (earlier := self.replay(work.receipts, unit.receipt)):
            return earlier
        mark = work.mark({r.subject for r in unit.requests})
        try:
            outcome = self._unit(work, unit, now, again)
        except BaseException:
            work.back_to(mark)
            raise
        if outcome.refusal:
            work.back_to(mark)
        return outcome

    def replay(self, known: Mapping[bytes, tuple[bytes, Answer, Position]], receipt: Receipt) -> Outcome | None:
        """The first answer to a receipt's key again, if there was one."""
        found = known.get(self._hashing.of(receipt.key))
        if found is None:
            return None
        fingerprint, answer, position = found
        if fingerprint != receipt.fingerprint:
            return Outcome(mismatch=True)
        return Outcome(answer=answer, replayed=True, position=position if position.subject else None)

    def _unit(self, work: Work, unit: Unit, now: datetime, again: bool) -> Outcome:
        verdicts: list[Verdict] = []
        for request in unit.requests:
            verdicts.append(self._request(work, request, now, again))
            if unit.receipt and verdicts[-1].forgotten:  # the answer it had once is forgotten, too
                verdicts[-1] = ERASED
            if not verdicts[-1].accepted:
                return Outcome(tuple(verdicts))
        made = [v.position for r, v in zip(unit.requests, verdicts, strict=True) if v.position and not r.holds]
        position = made[-1] if made else None
        answer = self._remembered(work, unit.receipt, verdicts, position, now) if unit.receipt else None
        return Outcome(tuple(verdicts), answer=answer, position=position)

    def _request(self, work: Work, request: Request, now: datetime, again: bool) -> Verdict:
        subject = work.subjects[request.subject]
        named = work.named[id(request)]
        if taken := work.names.get(named.own):
            forgotten = subject.erased_before is not None and not request.erases
            return Verdict("appended" if again else "already", taken, state=subject.state, forgotten=forgotten)
        if subject.erased_before is not None:
            if request.erases:
                return Verdict("already", self._present(subject), state=subject.state)
            anew = request.command.at > subject.erased_before
            return Verdict("erased", refusal=Refused("erased", "this customer was erased", {"anew": anew}))
        for name in named.unique:
            if taken := work.names.get(name):
                self._name(work, named.own, taken)  # so that it is known again under its own key, too
                return Verdict("already", taken, state=subject.state)
        try:
            for name, plain in named.needs:
                if name not in work.names:
                    raise missing(plain)
            new = self._folding.decider.decide(request.command, subject.state)
        except Refused as refusal:
            return refused(refusal)
        keyed = zip(new, keys(request.key, new), strict=True)
        events = [self._append(work, subject, request, n, key, now) for n, key in keyed]
        if request.erases:
            self._shred(subject, request.command.at)
        if not events:
            present = self._present(subject)
            if present:
                self._name(work, named.own, present)
            return Verdict("already", present, state=subject.state)
        last = Position(self._service, subject.subject, subject.sequence)
        for name in (named.own, *named.unique):
            self._name(work, name, last)
        return Verdict("appended", last, tuple(events), subject.state)

    def _present(self, subject: Subject) -> Position | None:
        return Position(self._service, subject.subject, subject.sequence) if subject.sequence else None

    def _append(self, work: Work, subject: Subject, request: Request, new: NewEvent, key: str, now: datetime) -> Event:
        data, kind = new.data, catalogue.type_of(type(new.data))
        if request.imported and "imported" in type(data).model_fields:
            data = data.model_copy(update={"imported": request.imported})
        if subject.key is None and has_personal(data):
            subject.key, subject.new_key = SubjectKey.new(), True
        event_id = new_id()
        subject.sequence += 1
        subject.recorded = later(now, subject.recorded)
        subject.changed = True
        event = Event(
            id=event_id, type=kind.name, version=kind.version, service=self._service, subject=subject.subject,
            sequence=subject.sequence, time=new.at or request.command.at, recorded=subject.recorded,
            key=key, data=sealed_data(data, event_id, subject.key), epoch=self.epoch, cause=request.cause,
        )  # fmt: skip
        value = orjson.dumps(event.data)
        work.event_rows.append((
            event.subject, event.sequence, event_id, event.type, event.version, to_micros(event.time),
            to_micros(event.recorded), event.key, event.epoch, event.cause, value,
        ))  # fmt: skip
        head = "\0".join(event.attributes()).encode()
        work.outbox_rows.append((shard_of(event.subject, self._shards), event.subject, head, value))
        position = Position(self._service, event.subject, event.sequence)
        for name in new.releases:
            work.release(self._hashing.of(name))
        for name in new.names:
            self._name(work, self._hashing.of(name), position)
        happened = Happened(data, event.time, event.sequence, event_id, key)
        subject.state = self._folding.decider.evolve(subject.state, happened)
        return event

    def _name(self, work: Work, name: bytes, position: Position) -> None:
        if name not in work.names:
            work.names[name] = position
            work.name_rows.append((name, position.subject, position.sequence))

    def _shred(self, subject: Subject, before: datetime) -> None:
        subject.erased_before = before
        subject.state = self._folding.decider.initial()
        subject.key, subject.new_key = None, False
        subject.shredded = subject.changed = True

    def _remembered(
        self, work: Work, receipt: Receipt, verdicts: list[Verdict], position: Position | None, now: datetime
    ) -> Answer:
        answer = receipt.render(verdicts)
        where = position or receipt.position or Position(self._service, "", 0)
        key = work.subjects[where.subject].key if where.subject in work.subjects else None
        hashed = self._hashing.of(receipt.key)
        body = b"\x01" + key.seal_bytes("receipt", answer.body) if key else b"\x00" + answer.body
        work.receipts[hashed] = (receipt.fingerprint, answer, where)
        expires = to_micros(now + self._remember)
        work.receipt_rows.append((
            hashed, receipt.fingerprint, answer.status, body, answer.etag, where.subject, where.sequence, expires,
        ))  # fmt: skip
        return answer


def missing(name: str) -> Refused:
    """The refusal for a name that is needed and not taken."""
    return NotYet("not_yet", "what this refers to is not known yet", waits_for=name)


def shard_of(subject: str, shards: int) -> int:
    """The relay shard of a subject: stable, so that its events always leave in one queue."""
    return zlib.crc32(subject.encode()) % shards


def keys(key: str, events: Sequence[NewEvent]) -> list[str]:
    """The keys of a command's facts: its own, then numbered.

    What came about aside is numbered apart. Whether there is any depends on what was known before, and so on the order
    in which things were heard; the keys of what was told must not, for equal histories are to hash equally.
    """
    found, told, aside = [], 0, 0
    for event in events:
        if event.aside:
            found.append(f"{key}.aside{aside or ''}")
            aside += 1
        else:
            found.append(f"{key}.{told}" if told else key)
            told += 1
    return found
