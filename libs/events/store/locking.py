"""Reads what a group of units needs: its subjects (locked), their states, the names and receipts it may meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Reader, Transaction
from libs.events.store.errors import Stale
from libs.events.store.gathering import RECEIPT, gather
from libs.events.store.hashing import Hashing
from libs.events.store.instants import from_micros
from libs.events.store.working import Named, Subject, Work
from libs.events.units import Answer, Position, Receipt, Unit
from libs.events.vault import SubjectKey, Vault


class Locking:
    """Gathers the work of one transaction in a constant number of round trips."""

    def __init__(self, service: str, folding: Folding[Any], vault: Vault, hashing: Hashing) -> None:
        self._service, self._folding, self._vault, self._hashing = service, folding, vault, hashing

    async def lock(self, tx: Transaction, units: Sequence[Unit]) -> Work:
        """The work of these units, with their subjects locked."""
        wanted, names, named = set(), set(), {}
        of = self._hashing.of
        for unit in units:
            for request in unit.requests:
                command, subject = request.command, request.subject
                unique = [of(n) for n in command.unique(subject)]
                needs = [(of(n), n) for n in command.needs(subject)]
                mine = named[id(request)] = Named(of(request.name), unique, needs)
                wanted.add(subject)
                names.add(mine.own)
                names.update(unique)
                names.update(n for n, _ in needs)
        receipts = [of(u.receipt.key) for u in units if u.receipt]
        found = await gather(tx, sorted(wanted), names, receipts)
        subjects = await self._subjects(tx, found.subjects)
        positions = {bytes(n): Position(self._service, s, q) for n, s, q in found.names}
        return Work(subjects, positions, await self._receipts(tx, found.receipts, subjects), named)

    async def confirm(self, tx: Transaction, work: Work, refused: Sequence[Unit]) -> None:
        """Makes sure that these units' names are as they were read. Raises `Stale` where one was taken since.

        States are read under the lock, names maybe before it was had. Who writes a name that was taken in between
        hears of it; who is refused writes nothing, and may be refused only because the same command was faster.
        """
        mine = [work.named[id(request)] for unit in refused for request in unit.requests]
        names = {name for n in mine for name in (n.own, *n.unique, *(needed for needed, _ in n.needs))}
        if (unseen := names - work.names.keys()) and await tx.select_in(schema.names, "name", unseen):
            raise Stale("a name was taken while a lock was waited for")

    async def read(self, reader: Reader, wanted: Sequence[str]) -> dict[str, Subject]:
        """Subjects as they stand, without a lock."""
        columns = ("subject", "sequence", "recorded", "erased_before", "state", "state_version")
        rows = await reader.select_in(schema.subjects, "subject", wanted, columns=columns)
        found = await self._subjects(reader, rows)
        return {s: found.get(s) or Subject(s, 0, None, None, self._folding.decider.initial(), None) for s in wanted}

    async def _subjects(self, reader: Reader, rows: Sequence[Any]) -> dict[str, Subject]:
        sealed = [row[0] for row in rows if (row[4] is None and row[1]) or self._folding.is_sealed(row[4])]
        keys = await self._vault.keys(reader, sealed)
        found: dict[str, Subject] = {}
        stale: list[Subject] = []
        for name, sequence, recorded, erased, snapshot, version in rows:
            key = keys.get(name)
            subject = Subject(
                name, sequence, None if recorded is None else from_micros(recorded),
                None if erased is None else from_micros(erased), None, key,
            )  # fmt: skip
            if not sequence or erased is not None:
                subject.state = self._folding.decider.initial()
            elif snapshot is None or version != self._folding.decider.version:
                stale.append(subject)
            elif self._folding.is_sealed(snapshot) and key is None:
                # erased between two reads; under lock it cannot be: then the next try sees it whole
                raise Stale("a sealed snapshot without its key")
            else:
                subject.state = subject.loaded = self._folding.load(snapshot, key, name)
                subject.snapshot = snapshot
            found[name] = subject
        for subject in stale:
            await self._fold(reader, subject)
        return found

    async def _fold(self, reader: Reader, subject: Subject) -> None:
        column = schema.events.c
        query = select(schema.events).where(column.subject == subject.subject).order_by(column.sequence)
        subject.state = self._folding.decider.initial()
        for row in (await reader.conn.execute(query)).all():
            subject.state = self._folding.evolve(subject.state, row, subject.key)

    async def receipts(
        self, reader: Reader, receipts: Sequence[Receipt]
    ) -> dict[bytes, tuple[bytes, Answer, Position]]:
        """What was remembered for some receipts' keys."""
        wanted = [self._hashing.of(r.key) for r in receipts]
        rows = await reader.select_in(schema.receipts, "key", wanted, columns=RECEIPT)
        return await self._receipts(reader, rows, {})

    async def _receipts(
        self, reader: Reader, rows: Sequence[Any], subjects: dict[str, Subject]
    ) -> dict[bytes, tuple[bytes, Answer, Position]]:
        keys: dict[str, SubjectKey | None] = {s: f.key for s, f in subjects.items()}
        keys |= await self._vault.keys(reader, {row[5] for row in rows} - subjects.keys())
        found = {}
        for hashed, fingerprint, status, sealed, etag, subject, sequence in rows:
            body, key = bytes(sealed)[1:], keys.get(subject)
            if sealed[:1] == b"\x01":
                if key is None:
                    continue  # the person was erased: there is no answer to give again
                body = key.open_bytes("receipt", body)
            position = Position(self._service, subject, sequence)
            found[bytes(hashed)] = (bytes(fingerprint), Answer(status, body, etag), position)
        return found
