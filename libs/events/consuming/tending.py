"""What a consumer looks after once a second: hints that others may have changed, alarms, and bytes kept long enough."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from libs.events.clock import Clock
from libs.events.consuming import metrics
from libs.events.consuming.entries import purge
from libs.events.consuming.hints import Hints
from libs.events.consuming.ledger import Key
from libs.events.settings import Settings
from libs.events.store.database import Database

EVERY = 1.0
PURGE_EVERY = 60.0
_log = structlog.get_logger()


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
            async with self._database.begin() as tx:
                await purge(tx, self._names["consumer"], now)
            self._purge_next = time.monotonic() + PURGE_EVERY
