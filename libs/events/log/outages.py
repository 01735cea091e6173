"""An outage of the log is told of once when it begins and once when it has ended, however many wait for it meanwhile.

What the client library has to say about it, hundreds of lines a second, is not told: its latest words stand in the
line that tells of the begin, since the reason (a certificate, a password) is often known to nobody else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import structlog

RECENT = 60.0
"""Seconds for which the library's latest words are taken for the reason of what fails now."""

log = structlog.get_logger(__name__)


class Outages:
    """What is known of one log. `doing` is what was tried: an outage has ended once all works again that failed."""

    def __init__(self, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._where, self._clock = where, clock
        self._failing: set[str] = set()
        self._worked: dict[str, float] = {}
        self._begun = 0.0

    def begin(self) -> float:
        """The moment at which something is begun, for `failed`."""
        return self._clock()

    def failed(self, doing: str, error: BaseException, begun: float) -> None:
        """Something was tried in vain since `begun`. Where somebody else succeeded meanwhile it was bad luck."""
        if self._worked.get(doing, 0.0) > begun:
            return
        if not self._failing:
            self._begun = begun
            log.error("log_unavailable", servers=self._where, doing=doing, error=repr(error), heard=_heard.words())
        self._failing.add(doing)

    def worked(self, doing: str) -> None:
        """Something worked."""
        now = self._worked[doing] = self._clock()
        if doing in self._failing:
            self._failing.discard(doing)
            if not self._failing:
                log.warning("log_available_again", servers=self._where, seconds=round(now - self._begun, 1))


class _Heard(logging.Handler):
    """Keeps the latest complaint of a library; only what it did not expect itself goes on to where all is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._said, self._at = "", 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.CRITICAL:
            logging.getLogger().handle(record)
        else:
            self._said, self._at = record.getMessage(), time.monotonic()

    def words(self) -> str:
        return self._said if time.monotonic() - self._at < RECENT else ""


_heard = _Heard()


def hush(library: str) -> None:
    """From now on a library's complaints are kept for the line that tells of an outage."""
    logger = logging.getLogger(library)
    logger.handlers[:] = [_heard]
    logger.setLevel(logging.ERROR)
    logger.propagate = False
