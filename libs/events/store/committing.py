"""Commits groups of units, whatever happens on the way: names make it safe to try again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from libs.events.store import StoreUnavailable
from libs.events.store.codec import Folding
from libs.events.store.database import Database, Transaction
from libs.events.store.deciding import Again, Deciding
from libs.events.store.errors import Stale, is_taken, is_transient, is_undone
from libs.events.store.hashing import Hashing
from libs.events.store.locking import Locking
from libs.events.store.memory import Memory
from libs.events.store.postgres import PostgresDatabase
from libs.events.store.working import Wanted, Work
from libs.events.store.writing import is_more, write
from libs.events.units import Outcome, Unit
from libs.events.vault import Vault

Outcomes = list[Outcome | BaseException]
NOTHING: Again = {}
TRIES = 8
UNLOCKED = 3
"""How many of the tries hold no lock while they decide."""
TAKEN = 5
"""How many may find that a name was taken since they looked, before the group is halved for it."""
WARY = 16
"""For how many groups names are looked up first, and memory is not relied on, after it was wrong to do without."""


class Committing:
    """Decides groups of units and writes them.

    On PostgreSQL the first tries hold no lock while they decide. Subjects are taken from memory, or read as they stand,
    and everything is written by one statement, which writes nothing unless they still stand so. Who is overtaken again
    and again locks the subjects first, as is always done on SQLite.
    """

    def __init__(
        self, database: Database, locking: Locking, deciding: Deciding, folding: Folding[Any], vault: Vault,
        hashing: Hashing,
    ) -> None:  # fmt: skip
        self._database, self._locking, self._deciding = database, locking, deciding
        self._folding, self._vault, self._hashing = folding, vault, hashing
        self._memory, self._wary = Memory(), 0

    async def commit(self, units: Sequence[Unit], again: Again = NOTHING) -> Outcomes:
        """Commits units together; a database error halves them until the bad one stands alone."""
        wanted, last = Wanted(units, self._hashing), Exception()
        for attempt in range(TRIES):
            tried: Outcomes = []
            try:
                await self._try(units, wanted, again, attempt, tried)
                return tried
            except Exception as error:
                last, pause = error, min(0.01 * 2**attempt, 1.0)
                if isinstance(error, Stale):
                    pause = 0.002 * attempt  # whoever was faster is done
                elif is_transient(error):
                    # the commit may have gone through: then it is this call that appended what is found there
                    again = again if is_undone(error) else tried_before(again, units, tried)
                elif is_taken(error) and attempt < TAKEN:
                    pause = 0.002 * attempt  # somebody took a name since we looked: it will be seen next time
                elif len(units) > 1:
                    middle = len(units) // 2
                    return await self.commit(units[:middle], again) + await self.commit(units[middle:], again)
                else:
                    return [error]
            if pause:
                await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
        return [StoreUnavailable(type(last).__name__)] * len(units)

    async def _try(
        self, units: Sequence[Unit], wanted: Wanted, again: Again, attempt: int, tried: Outcomes
    ) -> None:
        """One try; `tried` holds its outcomes as soon as something may have been written."""
        database = self._database
        if not isinstance(database, PostgresDatabase) or attempt >= UNLOCKED:
            self._memory.forget(wanted.subjects)
            async with database.begin() as tx:
                tried += await self.under_lock(tx, units, wanted, again)
            return
        if attempt:
            self._wary = WARY
        outcomes, work = await self._decided(database, units, wanted, again)
        self._memory.keep(work.subjects.values())
        doubted = refused_of(units, outcomes)
        try:
            async with database.begin() if doubted or is_more(work) else database.read() as tx:
                tried += outcomes
                await write(tx, work, self._folding, self._vault)
                # memory is ahead of the names while a group before is still under way; here that one is done
                await self._locking.confirm(tx, work, wanted, doubted)
        except BaseException:
            self._memory.forget(wanted.subjects)
            raise

    async def _decided(
        self, database: PostgresDatabase, units: Sequence[Unit], wanted: Wanted, again: Again
    ) -> tuple[Outcomes, Work]:
        known, trusted = self._memory.of(wanted.subjects), not self._wary
        if self._wary:
            self._wary -= 1
        elif len(known) == len(wanted.subjects) and not wanted.needy:
            # as a rule nobody repeats himself: whether a name is taken shows when it is written
            work = Work(known, {}, {}, wanted.named)
            outcomes = self._deciding.decide_all(work, units, again)
            if all(map(simply_appended, outcomes)):
                return outcomes, work
            self._wary, known = WARY, self._memory.of(wanted.subjects)
        async with database.read() as reader:
            work = await self._locking.look(reader, wanted, known, trusted)
        return self._deciding.decide_all(work, units, again), work

    async def under_lock(
        self, tx: Transaction, units: Sequence[Unit], wanted: Wanted, again: Again
    ) -> Outcomes:
        """Decides and writes inside a transaction that locks the subjects first."""
        work = await self._locking.lock(tx, wanted)
        outcomes = self._deciding.decide_all(work, units, again)
        await self._locking.confirm(tx, work, wanted, refused_of(units, outcomes))
        await write(tx, work, self._folding, self._vault)
        return outcomes

    async def within(self, tx: Transaction, units: Sequence[Unit]) -> Outcomes:
        """The same for units of the caller's transaction."""
        wanted = Wanted(units, self._hashing)
        self._memory.forget(wanted.subjects)
        return await self.under_lock(tx, units, wanted, NOTHING)


def tried_before(again: Again, units: Sequence[Unit], tried: Outcomes) -> Again:
    """What may have been committed, with what a try would have appended."""
    found = dict(again)
    for unit, outcome in zip(units, tried, strict=False):
        verdicts = outcome.verdicts if isinstance(outcome, Outcome) else ()
        if new := {v.position for v in verdicts if v.status == "appended" and v.position}:
            found[id(unit)] = new | set(found.get(id(unit), ()))
    return found


def simply_appended(outcome: Outcome | BaseException) -> bool:
    """Whether everything was, so that each name is written and none can be taken unnoticed."""
    return isinstance(outcome, Outcome) and all(v.status == "appended" for v in outcome.verdicts)


def refused_of(units: Sequence[Unit], outcomes: Outcomes) -> list[Unit]:
    """The units to which the answer was no."""
    return [u for u, o in zip(units, outcomes, strict=True) if isinstance(o, Outcome) and o.refusal is not None]
