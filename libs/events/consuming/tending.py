"""What a consumer looks after once a second: hints that others may have changed, alarms, and bytes kept long enough."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from sqlalchemy import delete, update

from libs.events.clock import Clock
from libs.events.consuming import metrics
from libs.events.consuming.hints import Hints
from libs.events.consuming.ledger import Key
from libs.events.consuming.tables import quarantine
from libs.events.settings import Settings
from libs.events.store.database import Database
from libs.events.store.instants import to_micros

EVERY = 1.0
PURGE_EVERY = 60.0
_log = structlog.get_logger()
_q = quarantine.c


class Tending:
    """Looks after one consumer's hints and alarms."""

    def __init__(
        self, service: str, consumer: str, database: Database, hints: Hints, clock: Clock, settings: Settings
    ) -> None:
        self._names = {"service": service, "consumer": consumer}
        self._database, self._hints, self._clock, self._settings = database, hints, clock, settings
        self._alarmed: set[Key] = set()
        self._next = self._purge_next = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time again."""
        return time.monotonic() >= self._next

    async def tend(self) -> None:
        """Reads the hints anew, raises alarms once for each subject, and clears expired bytes now and then."""
        now, alarm = self._clock.now(), timedelta(seconds=self._settings.gap_alarm_seconds)
        await self._hints.refresh(self._database, now, alarm)
        self._next = time.monotonic() + EVERY
        overdue = self._hints.overdue
        for service, _ in overdue.keys() - self._alarmed:
            _log.error("a fact is missing: its subject waits", of=service, seconds=alarm.total_seconds(), **self._names)
        self._alarmed = set(overdue)
        metrics.gaps.labels(**self._names).set(len(overdue))
        metrics.waits.labels(**self._names).set(len(self._hints.held))
        metrics.quarantined.labels(**self._names).set(self._hints.entries)
        if time.monotonic() >= self._purge_next:
            await self._purge(to_micros(now))
            self._purge_next = time.monotonic() + PURGE_EVERY

    async def _purge(self, now: int) -> None:
        """Bytes go after their time; an entry that holds up its subject stays until somebody decides."""
        mine = (_q.consumer == self._names["consumer"], _q.expires <= now)
        async with self._database.begin() as tx:
            await tx.conn.execute(update(quarantine).where(*mine, _q.raw.is_not(None)).values(raw=None))
            await tx.conn.execute(delete(quarantine).where(*mine, _q.kind != "fact"))
