"""Reads what a group of units needs: its subjects (locked), their states, the names and receipts it may meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Reader, Transaction
from libs.events.store.hashing import Hashing
from libs.events.store.instants import from_micros
from libs.events.store.working import Subject, Work
from libs.events.units import Answer, Position, Unit
from libs.events.vault import SubjectKey, Vault


class Locking:
    """Gathers the work of one transaction in a constant number of round trips."""

    def __init__(self, service: str, folding: Folding[Any], vault: Vault, hashing: Hashing) -> None:
        self._service, self._folding, self._vault, self._hashing = service, folding, vault, hashing

    async def lock(self, tx: Transaction, units: Sequence[Unit]) -> Work:
        """Locks the subjects in sorted order and reads everything else after that, so that it cannot be stale."""
        wanted = sorted({r.subject for u in units for r in u.requests})
        # the rows are made first: a row lock needs a row, and the insert itself waits for a rival's
        await tx.insert(schema.subjects, [(s, 0) for s in wanted], columns=("subject", "sequence"))
        subjects = await self._subjects(tx, wanted, lock=True)
        names = await self._names(tx, units)
        return Work(subjects, names, await self._receipts(tx, units, subjects))

    async def read(self, reader: Reader, wanted: Sequence[str]) -> dict[str, Subject]:
        """Subjects as they stand, without a lock."""
        found = await self._subjects(reader, wanted, lock=False)
        return {s: found.get(s) or Subject(s, 0, None, None, self._folding.decider.initial(), None) for s in wanted}

    async def _subjects(self, reader: Reader, wanted: Sequence[str], lock: bool) -> dict[str, Subject]:
        rows = await reader.select_in(schema.subjects, "subject", wanted, lock=lock)
        keys = await self._vault.keys(reader, [r.subject for r in rows if r.sequence])
        found: dict[str, Subject] = {}
        stale: list[str] = []
        for row in rows:
            state, fresh = self._state(row, keys.get(row.subject))
            if not fresh:
                stale.append(row.subject)
            found[row.subject] = Subject(
                row.subject, row.sequence,
                from_micros(row.recorded) if row.recorded is not None else None,
                from_micros(row.erased_before) if row.erased_before is not None else None,
                state, keys.get(row.subject),
            )  # fmt: skip
        for subject in stale:
            await self._fold(reader, found[subject])
        return found

    def _state(self, row: Any, key: SubjectKey | None) -> tuple[Any, bool]:
        """The state in a subject's row, and whether it can be trusted."""
        initial = self._folding.decider.initial()
        if not row.sequence or row.erased_before is not None:
            return initial, True
        if row.state is None or row.state_version != self._folding.decider.version:
            return initial, False
        state = self._folding.load(bytes(row.state), key, row.subject)
        return (initial, False) if state is None else (state, True)

    async def _fold(self, reader: Reader, subject: Subject) -> None:
        column = schema.events.c
        query = select(schema.events).where(column.subject == subject.subject).order_by(column.sequence)
        for row in (await reader.conn.execute(query)).all():
            subject.state = self._folding.evolve(subject.state, row, subject.key)

    async def _names(self, reader: Reader, units: Sequence[Unit]) -> dict[bytes, Position]:
        plain = set()
        for unit in units:
            for request in unit.requests:
                command, subject = request.command, request.subject
                plain |= {request.name, *command.unique(subject), *command.needs(subject)}
        rows = await reader.select_in(schema.names, "name", [self._hashing.of(n) for n in plain])
        return {bytes(name): Position(self._service, subject, sequence) for name, subject, sequence in rows}

    async def _receipts(
        self, reader: Reader, units: Sequence[Unit], subjects: dict[str, Subject]
    ) -> dict[bytes, tuple[bytes, Answer, Position]]:
        wanted = [self._hashing.of(u.receipt.key) for u in units if u.receipt]
        if not wanted:
            return {}
        rows = await reader.select_in(schema.receipts, "key", wanted)
        others = {r.subject for r in rows} - subjects.keys()
        keys = {s: f.key for s, f in subjects.items()} | await self._vault.keys(reader, others)
        found = {}
        for row in rows:
            sealed, key = bytes(row.body), keys.get(row.subject)
            body = sealed[1:]
            if sealed[:1] == b"\x01":
                if key is None:
                    continue  # the person was erased: there is no answer to give again
                body = key.open_bytes("receipt", body)
            answer = Answer(row.status, body, row.etag)
            found[bytes(row.key)] = (bytes(row.fingerprint), answer, Position(self._service, row.subject, row.sequence))
        return found
