"""The event store on SQL: what can be asked of it. `committing` appends: it decides groups of units in memory, and
writes each as a whole where its subjects still stand as they were decided on."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Sequence
from copy import copy
from datetime import timedelta
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel
from sqlalchemy import select

from libs.events.clock import Clock
from libs.events.decider import Decider, Refused
from libs.events.envelope import Event
from libs.events.store import StoreUnavailable, schema
from libs.events.store.codec import Folding, event_of, opened_data
from libs.events.store.committing import Committing
from libs.events.store.database import Database, Transaction
from libs.events.store.deciding import Deciding
from libs.events.store.grouping import Grouping
from libs.events.store.hashing import Hashing
from libs.events.store.locking import Locking
from libs.events.store.within import Pinned, Within
from libs.events.units import Loaded, Outcome, Position, Receipt, Unit, Verdict
from libs.events.vault import KeyRing, Vault

S = TypeVar("S", bound=BaseModel)
BATCH = 1000
WORTH_HALVING = 100


class SqlStore:
    """One service's facts, on PostgreSQL or SQLite alike."""

    def __init__(
        self, service: str, database: Database, decider: Decider[Any], vault: Vault, clock: Clock, secret: bytes,
        *, shards: int = 16, epoch: int = 0, remember: timedelta = timedelta(days=7), on_append: Any = None,
    ) -> None:  # fmt: skip
        self.service, self._database, self._vault = service, database, vault
        self._folding: Folding[Any] = Folding(decider)
        self._hashing = Hashing(secret)
        self._deciding = Deciding(service, self._folding, clock, self._hashing, shards, epoch, remember)
        self._locking = Locking(service, self._folding, vault, self._hashing)
        self._committing = Committing(
            database, self._locking, self._deciding, self._folding, vault, self._hashing
        )
        self._on_append = on_append or (lambda: None)
        self._grouping = Grouping(self._commit, lanes=2 if database.dialect == "postgresql" else 1)

    def in_epoch(self, epoch: int) -> None:
        """Says which life of the store this is; facts carry it."""
        self._deciding.epoch = epoch

    async def execute(self, unit: Unit) -> Outcome:
        outcome = await self._grouping.submit(unit)
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome.replayed or all(v.events or not v.accepted or not v.position for v in outcome.verdicts):
            return outcome
        return await self._recalled(outcome)

    async def execute_all(self, units: Sequence[Unit]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(units), BATCH):
            for outcome in await self._commit_halves(units[start : start + BATCH]):
                if isinstance(outcome, StoreUnavailable):
                    raise outcome
                outcomes.append(failed(outcome) if isinstance(outcome, BaseException) else outcome)
        return outcomes

    async def _commit_halves(self, units: Sequence[Unit]) -> list[Outcome | BaseException]:
        """Two transactions at once, so that one half is decided while the database writes the other.

        A subject's units stay together, in their order; units of several subjects would tie the halves together.
        """
        if len(units) < WORTH_HALVING or self._database.dialect == "sqlite" or any(len(u.requests) > 1 for u in units):
            return await self._commit(units)
        halves: tuple[list[int], list[int]] = ([], [])
        for place, unit in enumerate(units):
            halves[zlib.crc32(unit.requests[0].subject.encode()) & 1].append(place)
        outcomes: list[Outcome | BaseException] = [StoreUnavailable()] * len(units)
        done = await asyncio.gather(*(self._commit([units[place] for place in half]) for half in halves if half))
        for half, some in zip((h for h in halves if h), done, strict=True):
            for place, outcome in zip(half, some, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def _commit(self, units: Sequence[Unit]) -> list[Outcome | BaseException]:
        outcomes = await self._committing.commit(units)
        self._on_append()
        return outcomes

    async def execute_in(self, tx: Transaction, units: Sequence[Unit]) -> list[Outcome]:
        decided = await self._committing.within(tx, units)
        return [failed(o) if isinstance(o, BaseException) else o for o in decided]

    def within(self, tx: Transaction) -> Within:
        inner = copy(self)
        inner._database = Pinned(tx)
        return Within(inner, tx)

    async def _recalled(self, outcome: Outcome) -> Outcome:
        """An *already* with the facts that the first time made, so that the answer can be the same."""
        verdicts = [
            await self._recall(v) if v.accepted and v.position and not v.events else v for v in outcome.verdicts
        ]
        return Outcome(tuple(verdicts), outcome.answer, outcome.replayed, outcome.mismatch, outcome.position)

    async def _recall(self, verdict: Verdict) -> Verdict:
        at = verdict.position
        assert at is not None
        near = schema.events.c
        query = select(schema.events).where(
            near.subject == at.subject, near.sequence > at.sequence - 100, near.sequence < at.sequence + 100
        )
        async with self._database.read() as reader:
            rows = (await reader.conn.execute(query.order_by(near.sequence))).all()
        key = next((r.key.split(".")[0] for r in rows if r.sequence == at.sequence), None)
        events = [event_of(r, self.service, orjson.loads(r.data)) for r in rows if r.key.split(".")[0] == key]
        return Verdict(verdict.status, at, tuple(events), verdict.state)

    async def answered(self, receipt: Receipt) -> Outcome | None:
        async with self._database.read() as reader:
            return self._deciding.replay(await self._locking.receipts(reader, [receipt]), receipt)

    async def load(self, subjects: Iterable[str]) -> dict[str, Loaded]:
        wanted = sorted(set(subjects))
        async with self._database.read() as reader:
            found = await self._locking.read(reader, wanted)
        return {s: Loaded(f.state, f.sequence, f.recorded, f.erased_before) for s, f in found.items()}

    async def find(self, names: Iterable[str]) -> dict[str, Position]:
        hashed = {self._hashing.of(name): name for name in names}
        async with self._database.read() as reader:
            rows = await reader.select_in(schema.names, "name", list(hashed))
        return {hashed[bytes(name)]: Position(self.service, subject, sequence) for name, subject, sequence in rows}

    async def history(self, subject: str, after: int = 0, limit: int | None = None) -> list[Event]:
        column = schema.events.c
        query = select(schema.events).where(column.subject == subject, column.sequence > after)
        async with self._database.read() as reader:
            rows = (await reader.conn.execute(query.order_by(column.sequence).limit(limit))).all()
            keys = await self._vault.keys(reader, [subject])
        key = keys.get(subject)
        return [
            event_of(r, self.service, opened_data(r.type, r.version, orjson.loads(r.data), r.id, key)) for r in rows
        ]

    async def erased_among(self, subjects: Iterable[str]) -> set[str]:
        """Those of the subjects that were erased here."""
        async with self._database.read() as reader:
            columns = ("subject", "erased_before")
            rows = await reader.select_in(schema.subjects, "subject", list(subjects), columns=columns)
        return {subject for subject, before in rows if before is not None}

    async def opener(self, subjects: Iterable[str]) -> KeyRing:
        async with self._database.read() as reader:
            return KeyRing(await self._vault.keys(reader, set(subjects)))


def failed(error: BaseException) -> Outcome:
    """The outcome of a unit that could not be decided or stored; its text may hold what was sent, so it is not told."""
    return Outcome((Verdict("invalid", refusal=Refused("cannot_apply", f"not applied: {type(error).__name__}")),))
