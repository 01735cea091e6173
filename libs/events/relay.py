"""The relay: carries committed facts from the outbox to the log, each subject's in order, until acknowledged.

It may publish a fact twice (where it dies between the log's acknowledgement and the delete); it never skips one.
"""

from __future__ import annotations

import asyncio
import random

import structlog
from prometheus_client import Counter

from libs.events.envelope import HEADERS
from libs.events.log import Log, Outgoing, Unavailable
from libs.events.store.errors import is_transient
from libs.events.store.outbox import Outbox, Row

LIMIT = 4000
_USUAL = HEADERS[:-2]
BUSY, IDLE = 0.002, 0.1
FEW, REST = 100, 0.004
"""Facts that come one by one share a batch: after fewer than `FEW` the relay rests for `REST` seconds."""
LONGEST = 5.0
_relayed = Counter("careledger_relayed_total", "Facts carried from the outbox to the log", ["service"])
_log = structlog.get_logger()


class Relay:
    """Carries one service's facts to its topic."""

    def __init__(self, service: str, topic: str, outbox: Outbox, log: Log) -> None:
        self._service, self._topic, self.outbox, self._to = service, topic, outbox, log
        self._wake = asyncio.Event()
        self._sent = _relayed.labels(service)

    def wake(self) -> None:
        """Says that something was just appended in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Runs until cancelled."""
        pause, failures = BUSY, 0
        while True:
            try:
                moved = await self.once()
                failures = 0
            except Unavailable as error:
                failures, moved = failures + 1, 0
                # the log has told of it, once
                _log.debug("relay waits for the log", service=self._service, error=type(error).__name__)
            except Exception as error:
                if not is_transient(error):
                    _log.error("relay failed", service=self._service, error=type(error).__name__)
                failures, moved = failures + 1, 0
            if failures:
                await asyncio.sleep(random.uniform(0.5, 1.0) * min(0.05 * 2**failures, LONGEST))
                continue
            # polling slows down while nothing comes: at 300 facts a second it never gets beyond a few milliseconds
            pause = BUSY if moved else min(pause * 1.2, IDLE)
            if 0 < moved < FEW:
                await asyncio.sleep(REST)
            if moved < LIMIT:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), pause)
                except TimeoutError:
                    continue

    async def once(self, limit: int = LIMIT) -> int:
        """Carries what one claim gives, in batches of at most `limit`; how many facts it was."""
        moved = 0
        async with self.outbox.claim(limit) as batches:
            async for rows in batches:
                await self._to.publish(self._topic, map(outgoing, rows))
                moved += len(rows)
        self._sent.inc(moved)
        return moved


def outgoing(row: Row) -> Outgoing:
    """The record of an outbox row, in CloudEvents binary mode."""
    _, subject, head, value = row
    # attributes were written in the fixed order of HEADERS; an empty one is absent
    values = bytes(head).split(b"\0")
    if values[-1] or values[-2]:
        headers = [pair for pair in zip(HEADERS, values, strict=True) if pair[1]]
    else:  # the usual fact: neither a later epoch nor a cause
        headers = list(zip(_USUAL, values[:-2], strict=True))
    return Outgoing(subject.encode(), bytes(value), headers)
