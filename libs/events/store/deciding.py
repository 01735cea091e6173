"""Decides units against locked subjects: pure but for the ids and keys it draws; nothing here touches the database."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
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
from libs.events.store.working import Receipts, Subject, Work
from libs.events.units import Answer, Outcome, Position, Receipt, Request, Unit, Verdict, refused
from libs.events.vault import SubjectKey

Again = Mapping[int, Collection[Position]]
"""For units (by `id`) of which an earlier try may have been committed: where it would have put their facts."""
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

    def decide_all(self, work: Work, units: Sequence[Unit], again: Again) -> list[Outcome | BaseException]:
        """Each unit's outcome, or what went wrong with it."""
        outcomes: list[Outcome | BaseException] = []
        now = self._clock.now()
        for unit in units:
            try:
                outcomes.append(self._decide(work, unit, now, again.get(id(unit), ())))
            except Exception as error:
                outcomes.append(error)
        return outcomes

    def _decide(self, work: Work, unit: Unit, now: datetime, again: Collection[Position]) -> Outcome:
        """One unit: all of its requests, or none."""
        if unit.receipt and (earlier := self.replay(work.receipts, unit.receipt)):
            return earlier
        mark = work.mark(unit)
        try:
            outcome = self._unit(work, unit, now, again)
        except BaseException:
            work.back_to(mark)
            raise
        if not all(verdict.accepted for verdict in outcome.verdicts):
            work.back_to(mark)
        return outcome

    def replay(self, known: Receipts, receipt: Receipt) -> Outcome | None:
        """The first answer to a receipt's key again, if there was one."""
        found = known.get(self._hashing.of(receipt.key)) if known else None
        if found is None:
            return None
        fingerprint, answer, position = found
        if fingerprint != receipt.fingerprint:
            return Outcome(mismatch=True)
        return Outcome(answer=answer, replayed=True, position=position if position.subject else None)

    def _unit(self, work: Work, unit: Unit, now: datetime, again: Collection[Position]) -> Outcome:
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

    def _request(self, work: Work, request: Request, now: datetime, again: Collection[Position]) -> Verdict:
        subject = work.subjects[request.subject]
        named = work.named[id(request)]
        if taken := work.names.get(named.own):
            forgotten = subject.erased_before is not None and not request.erases
            return Verdict("appended" if taken in again else "already", taken, state=subject.state, forgotten=forgotten)
        if subject.erased_before is not None:
            if request.erases:
                return Verdict("already", self._present(subject), state=subject.state)
            anew = request.command.at > subject.erased_before
            return Verdict("erased", refusal=Refused("erased", "this customer was erased", {"anew": anew}))
        for name in named.unique:
            if taken := work.names.get(name):
                self._name(work, [named.own], taken)  # so that it is known again under its own key, too
                return Verdict("already", taken, state=subject.state)
        try:
            for name, plain in named.needs:
                if name not in work.names:
                    raise missing(plain)
            new = self._folding.decider.decide(request.command, subject.state)
        except Refused as refusal:
            return refused(refusal)
        keyed = zip(new, keys(request.key, new), strict=True)
        events = [self._append(work, request, n, key, now) for n, key in keyed]
        if request.erases:
            self._shred(work, request)
        subject = work.subjects[request.subject]
        if not events:
            present = self._present(subject)
            if present:
                self._name(work, [named.own], present)
            return Verdict("already", present, state=subject.state)
        last = Position(self._service, subject.subject, subject.sequence)
        self._name(work, [named.own, *named.unique], last)
        return Verdict("appended", last, tuple(events), subject.state)

    def _present(self, subject: Subject) -> Position | None:
        return Position(self._service, subject.subject, subject.sequence) if subject.sequence else None

    def _append(self, work: Work, request: Request, new: NewEvent, key: str, now: datetime) -> Event:
        subject, data, kind = work.subjects[request.subject], new.data, catalogue.type_of(type(new.data))
        if request.imported and "imported" in type(data).model_fields:
            data = data.model_copy(update={"imported": request.imported})
        seal, new_key = subject.key, subject.new_key
        if seal is None and has_personal(data):
            seal, new_key = SubjectKey.new(), True
        event_id, name, sequence = new_id(), subject.subject, subject.sequence + 1
        at, recorded = new.at or request.command.at, later(now, subject.recorded)
        event = Event(
            event_id, kind.name, kind.version, self._service, name, sequence, at, recorded, key,
            sealed_data(data, event_id, seal), self.epoch, request.cause,
        )  # fmt: skip
        work.facts.append((
            name, sequence, event_id, kind.name, kind.version, to_micros(at), to_micros(recorded), key, self.epoch,
            request.cause, orjson.dumps(event.data), shard_of(name, self._shards),
            "\0".join(event.attributes()).encode(),
        ))  # fmt: skip
        if new.releases or new.names:
            for released in new.releases:
                work.release(self._hashing.of(released))
            self._name(work, [self._hashing.of(n) for n in new.names], Position(self._service, name, sequence))
        state = self._folding.decider.evolve(subject.state, Happened(data, at, sequence, event_id, key))
        work.subjects[name] = Subject(
            name, subject.was, sequence, recorded, subject.erased_before, state, seal, subject.kept, new_key,
            subject.shredded,
        )  # fmt: skip
        return event

    def _name(self, work: Work, names: Sequence[bytes], position: Position) -> None:
        """Has names point to a position, where they are not taken."""
        new = b""
        for name in names:
            if name not in work.names:
                work.names[name] = position
                new += name
        if new:
            work.name_rows.append((new, position.subject, position.sequence))

    def _shred(self, work: Work, request: Request) -> None:
        subject = work.subjects[request.subject]
        work.subjects[request.subject] = subject._replace(
            erased_before=request.command.at, state=self._folding.decider.initial(), key=None, new_key=False,
            shredded=True,
        )  # fmt: skip

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
