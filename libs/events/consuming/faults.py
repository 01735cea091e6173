"""Faults of a consumer: which may pass and are waited for, and which are the event's own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from libs.events.consuming import metrics
from libs.events.log import Unavailable
from libs.events.store import StoreUnavailable
from libs.events.store.errors import is_transient
from libs.events.vault import KeyUnavailable

T = TypeVar("T")
FIRST, LONGEST = 0.05, 5.0
DATA_STATES = ("22", "23")  # SQLSTATE classes: data exception, integrity constraint violation
_log = structlog.get_logger()


class Poison(Exception):
    """An effect failed for a reason that lies in what was `tried`; `error` is the failure's type, never its text."""

    def __init__(self, error: str, tried: Sequence[Any]) -> None:
        super().__init__(error)
        self.error, self.tried = error, tried


class Fenced(Exception):
    """Somebody else is further in one of the slots, or what came is not what was asked for: rewind."""


class Stopping(Exception):
    """The consumer is being stopped."""


def may_pass(error: Exception) -> bool:
    """Whether waiting is right: the database, the log or a key is out of reach, or the database refuses for a reason
    that is none of this event's (a table not yet migrated, a full disk). To quarantine for those would be to
    quarantine everything."""
    if isinstance(error, DBAPIError) or _sqlstate(error):
        return not _of_data(error)
    return isinstance(error, (StoreUnavailable, Unavailable, KeyUnavailable)) or is_transient(error)


def _of_data(error: Exception) -> bool:
    if isinstance(error, (DataError, IntegrityError)) or _sqlstate(error).startswith(DATA_STATES):
        return True
    # a value that the driver cannot even send has no SQLSTATE, but a ValueError or TypeError behind it
    driver = getattr(error, "orig", error)
    return isinstance(driver.__cause__, (ValueError, TypeError)) or "binding" in str(driver)


def _sqlstate(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


class Patience:
    """Tries a step again, with jittered pauses that grow, until it succeeds or the consumer stops."""

    def __init__(self, service: str, consumer: str) -> None:
        self.stopping = asyncio.Event()
        self._names = {"service": service, "consumer": consumer}
        self._stalled = metrics.stalled.labels(service, consumer)

    async def __call__(self, step: Callable[[], Awaitable[T]]) -> T:
        """What the step returns. Raises `Stopping`, and whatever the step raises that waiting does not help."""
        failures = 0
        while True:
            try:
                done = await step()
            except Exception as error:
                if not may_pass(error):
                    raise
                failures += 1
                self._stalled.set(1)
                _log.warning("consumer waits", error=type(error).__name__, failures=failures, **self._names)
                await self.pause(random.uniform(0.5, 1.0) * min(FIRST * 2**failures, LONGEST))
            else:
                if failures:
                    self._stalled.set(0)
                return done

    async def pause(self, seconds: float) -> None:
        """Sleeps. Raises `Stopping` where the consumer is to stop."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopping
