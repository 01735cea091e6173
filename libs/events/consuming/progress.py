"""How far the views have come: what readers of their own writes wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog

from libs.events.consuming.ledger import Key
from libs.events.consuming.sequencing import Mark
from libs.events.consuming.tables import applied
from libs.events.store.database import Database
from libs.events.units import Position

EVERY = 0.015
MANY, PAUSE = 1000, 0.5
"""So many subjects are waited for one by one; where there are more, the question is asked anew after a pause (s)."""
_BEHIND = (
    "FROM subjects s LEFT JOIN consumer_applied a ON a.subject = s.subject AND a.service = ? AND a.consumer = ? "
    "WHERE s.sequence > COALESCE(a.sequence, 0)"
)
_WHO_IS, _HOW_MANY = f"SELECT s.subject, s.sequence {_BEHIND} LIMIT {MANY + 1}", f"SELECT COUNT(*) {_BEHIND}"
_WANTED = ("service", "subject", "consumer", "sequence")
_log = structlog.get_logger()


class Progress:
    """Answers whether the consumer `views` has applied a position.

    A projector in this process tells at once (`advanced`); one in another is heard by polling, with one query for all
    who wait. `heard` names the services whose facts the views fold. For the others the answers differ:

    - the service's *own* facts, where no view folds them: its reads come from the store itself, which is never behind
      its own writes, so the answer is yes;
    - another service's facts: nothing here will ever show them, so the answer is no, at once.
    """

    def __init__(self, service: str, database: Database, heard: Collection[str], consumer: str = "views") -> None:
        self._service, self._database, self._consumer = service, database, consumer
        self._heard = frozenset(heard)
        self._waiting: dict[Key, list[tuple[int, asyncio.Future[bool]]]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        """Waits until the views have applied `position`; False where they have not in time."""
        if position.service not in self._heard:
            return position.service == self._service
        key = (position.service, position.subject)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        # first the place in the queue, then the look: so nothing is missed in between
        self._waiting.setdefault(key, []).append((position.sequence, future))
        try:
            await self._look({key})
            if not future.done():
                self._poller = self._poller or asyncio.create_task(self._poll())
            async with asyncio.timeout(within.total_seconds()):
                return await future
        except TimeoutError:
            return False
        finally:
            self._leave(key, future)

    async def level(self, within: timedelta) -> int:
        """Waits until the views have applied all facts that the service itself has recorded by now; how many subjects
        they are still behind with when the time is up."""
        if self._service not in self._heard:
            return 0
        loop = asyncio.get_running_loop()
        end = loop.time() + within.total_seconds()
        behind = dict(await self._asked(_WHO_IS))
        while len(behind) > MANY and loop.time() + PAUSE < end:
            await asyncio.sleep(PAUSE)
            behind = dict(await self._asked(_WHO_IS))
        while 0 < len(behind) <= MANY and loop.time() < end:
            await asyncio.sleep(EVERY)
            async with self._database.read() as reader:
                rows = await reader.select_in(applied, "subject", list(behind), columns=_WANTED)
            for service, subject, consumer, sequence in rows:
                if (service, consumer) == (self._service, self._consumer) and sequence >= behind.get(subject, 0):
                    behind.pop(subject, None)
        return len(behind) if len(behind) <= MANY else int((await self._asked(_HOW_MANY))[0][0])

    async def _asked(self, statement: str) -> list[tuple[Any, ...]]:
        async with self._database.read() as reader:
            return list(map(tuple, await reader.rows(statement, self._service, self._consumer)))

    def advanced(self, marks: dict[Key, Mark]) -> None:
        """Told by a projector of this process after each commit."""
        for key in self._waiting.keys() & marks.keys():
            self._reached(key, marks[key].sequence)

    def _reached(self, key: Key, sequence: int) -> None:
        for wanted, future in self._waiting.get(key, ()):
            if sequence >= wanted and not future.done():
                future.set_result(True)

    def _leave(self, key: Key, future: asyncio.Future[bool]) -> None:
        self._waiting[key] = [(s, f) for s, f in self._waiting[key] if f is not future]
        if not self._waiting[key]:
            del self._waiting[key]

    async def _poll(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(EVERY)
                try:
                    await self._look(set(self._waiting))
                except Exception as error:  # whoever waits hears "not in time"
                    _log.warning("progress cannot be read", error=type(error).__name__)
                    await asyncio.sleep(1)
        finally:
            self._poller = None

    async def _look(self, keys: set[Key]) -> None:
        subjects = {subject for _, subject in keys}
        async with self._database.read() as reader:
            rows = await reader.select_in(applied, "subject", subjects, columns=_WANTED)
        for service, subject, consumer, sequence in rows:
            if consumer == self._consumer:
                self._reached((service, subject), sequence)
