"""Reads what a group of units needs: its subjects, their states, the names and receipts it may meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Reader, Transaction
from libs.events.store.errors import Stale
from libs.events.store.gathering import RECEIPT, Gathered, gather, look
from libs.events.store.hashing import Hashing
from libs.events.store.instants import from_micros
from libs.events.store.postgres import PostgresTransaction
from libs.events.store.working import ABSENT, Receipts, Subject, Wanted, Work
from libs.events.units import Answer, Position, Receipt, Unit
from libs.events.vault import SubjectKey, Vault


class Locking:
    """Gathers the work of one transaction in a constant number of round trips."""

    def __init__(self, service: str, folding: Folding[Any], vault: Vault, hashing: Hashing) -> None:
        self._service, self._folding, self._vault, self._hashing = service, folding, vault, hashing

    async def lock(self, tx: Transaction, wanted: Wanted) -> Work:
        """The work of some units, with their subjects locked."""
        found = await gather(tx, wanted.subjects, wanted.names(), wanted.receipts)
        return await self._work(tx, wanted, found, await self._subjects(tx, found.subjects))

    async def look(
        self, reader: PostgresTransaction, wanted: Wanted, known: Mapping[str, Subject], trusted: bool
    ) -> Work:
        """The same as it stands, without a lock. A subject of `known` is not read again, or where that is not `trusted`
        taken only if the database is no further: a group before may still be under way."""
        subjects = [s for s in wanted.subjects if s not in known] if trusted else wanted.subjects
        found = await look(reader, subjects, wanted.names(), wanted.receipts)
        rows = [row for row in found.subjects if row[0] not in known or known[row[0]].sequence < row[1]]
        read = await self._subjects(reader, rows)
        absent = [s for s in wanted.subjects if s not in read and s not in known]
        initial = self._folding.decider.initial
        read |= {name: Subject(name, ABSENT, state=initial()) for name in absent}
        return await self._work(reader, wanted, found, {**known, **read})

    async def _work(
        self, reader: Reader, wanted: Wanted, found: Gathered, subjects: Mapping[str, Subject]
    ) -> Work:
        # in the order of the names, in which whoever writes them locks them
        ordered = {name: subjects[name] for name in wanted.subjects}
        names = {bytes(n): Position(self._service, s, q) for n, s, q in found.names}
        return Work(ordered, names, await self._receipts(reader, found.receipts, ordered), wanted.named)

    async def confirm(self, tx: Transaction, work: Work, wanted: Wanted, refused: Sequence[Unit]) -> None:
        """Makes sure that these units' names are as they were read. Raises `Stale` where one was taken since.

        States are as they are under the lock, names maybe read before it was had. Who writes a name that was taken in
        between hears of it; who is refused writes nothing, and may be refused only because the same command was faster.
        """
        mine = [work.named[id(request)] for unit in refused for request in unit.requests]
        names = {name for named in mine for name in wanted.of(named)}
        if (unseen := names - work.names.keys()) and await tx.select_in(schema.names, "name", unseen):
            raise Stale("a name was taken while a lock was waited for")

    async def read(self, reader: Reader, wanted: Sequence[str]) -> dict[str, Subject]:
        """Subjects as they stand, without a lock."""
        columns = ("subject", "sequence", "recorded", "erased_before", "state", "state_version")
        rows = await reader.select_in(schema.subjects, "subject", wanted, columns=columns)
        found = await self._subjects(reader, rows)
        return {s: found.get(s) or Subject(s, ABSENT, state=self._folding.decider.initial()) for s in wanted}

    async def _subjects(self, reader: Reader, rows: Sequence[Any]) -> dict[str, Subject]:
        decider = self._folding.decider
        sealed = [row[0] for row in rows if (row[4] is None and row[1]) or self._folding.is_sealed(row[4])]
        keys = await self._vault.keys(reader, sealed) if sealed else {}
        found: dict[str, Subject] = {}
        for name, sequence, recorded, erased, snapshot, version in rows:
            key, kept = keys.get(name), None
            if not sequence or erased is not None:
                state = decider.initial()
            elif snapshot is None or version != decider.version:
                state = await self._fold(reader, name, key)
            elif self._folding.is_sealed(snapshot) and key is None:
                # erased between two reads; under lock it cannot be: then the next try sees it whole
                raise Stale("a sealed snapshot without its key")
            else:
                state = kept = self._folding.load(snapshot, key, name)
            found[name] = Subject(
                name, sequence, sequence, None if recorded is None else from_micros(recorded),
                None if erased is None else from_micros(erased), state, key, kept,
            )  # fmt: skip
        return found

    async def _fold(self, reader: Reader, subject: str, key: SubjectKey | None) -> Any:
        column = schema.events.c
        query = select(schema.events).where(column.subject == subject).order_by(column.sequence)
        state = self._folding.decider.initial()
        for row in (await reader.conn.execute(query)).all():
            state = self._folding.evolve(state, row, key)
        return state

    async def receipts(self, reader: Reader, receipts: Sequence[Receipt]) -> Receipts:
        """What was remembered for some receipts' keys."""
        wanted = [self._hashing.of(r.key) for r in receipts]
        rows = await reader.select_in(schema.receipts, "key", wanted, columns=RECEIPT)
        return await self._receipts(reader, rows, {})

    async def _receipts(self, reader: Reader, rows: Sequence[Any], subjects: Mapping[str, Subject]) -> Receipts:
        if not rows:
            return {}
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
