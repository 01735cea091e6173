"""The loop of one consumer: fetch, commit, advise; where a batch cannot be applied, find the culprit."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import IntegrityError

from libs.events.clock import Clock
from libs.events.consuming import metrics
from libs.events.consuming.batch import Batch, Done, Handler
from libs.events.consuming.entries import Entries, Sealer
from libs.events.consuming.faults import Fenced, Patience, Poison, Stopping
from libs.events.consuming.hints import Hints
from libs.events.consuming.ledger import Key, Ledger
from libs.events.consuming.offsets import Offsets, Partition
from libs.events.consuming.sequencing import Mark
from libs.events.consuming.tending import Tending
from libs.events.consuming.work import Work
from libs.events.log import Consumer, Log, Slot
from libs.events.settings import Settings
from libs.events.store.database import Database

MOST = 2000
WAIT = 0.25
FEW, REST = 100, 0.02
"""Facts that come one by one share a transaction: after fewer than `FEW` a consumer rests for `REST` seconds. A service
has several consumers; without a rest each would begin hundreds of transactions a second, for one fact each."""
TRIES = 3
REVIVED_AT_ONCE = 50
_log = structlog.get_logger()


class Listener(Protocol):
    """Somebody who wants to know how far a consumer came."""

    def advanced(self, marks: dict[Key, Mark]) -> None:
        """Subjects and their new marks, after these were committed."""
        ...


class Projector:
    """One consumer (`views`, `reactions`) of one service: applies facts of its topics, each once and in order.

    `member` is its static identity across restarts, where it has one. Its tables are in `consuming.metadata`.
    """

    def __init__(
        self, service: str, consumer: str, log: Log, database: Database, handler: Handler, sealer: Sealer, clock: Clock,
        settings: Settings, *, listener: Listener | None = None, member: str = "",
    ) -> None:  # fmt: skip
        self.service, self.consumer = service, consumer
        self._names = {"service": service, "consumer": consumer}
        self._database, self._handler, self._listener, self._clock = database, handler, listener, clock
        self._offsets = Offsets(database, consumer)
        self._hints = Hints(consumer)
        entries = Entries(consumer, sealer, timedelta(days=settings.quarantine_days))
        self._batch = Batch(database, handler, self._offsets, Ledger(consumer), entries, self._hints, sealer, clock)
        self._tending = Tending(service, consumer, database, self._hints, clock, settings)
        self._patiently = Patience(service, consumer)
        group = f"careledger.{service}.{consumer}"
        self._from: Consumer = log.consumer(group, list(handler.topics), self._locate, member)
        self._left: dict[Key, Partition] = {}
        self._ahead: Work | None = None
        self._seconds = metrics.batch_seconds.labels(service, consumer)
        self.assigned = False
        """Whether the log has given this consumer its share, or told it that there is none."""

    async def run(self) -> None:
        """Runs until `stop` or until cancelled; what is under way then is rolled back and done again."""
        await self._from.start()
        try:
            while not self._patiently.stopping.is_set():
                if 0 < await self.step() < FEW:
                    await self._patiently.pause(REST)
        except Stopping:
            pass
        finally:
            await self._from.stop()

    def stop(self) -> None:
        """Ends `run` after the batch at hand."""
        self._patiently.stopping.set()

    async def lag(self) -> int | None:
        """Records not yet applied in this consumer's share; None where that is unknown."""
        return await self._from.lag()

    async def step(self, wait: float = WAIT) -> int:
        """One round: looks after what waits, fetches, applies. How many records it was."""
        if self._tending.due:
            await self._patiently(self._tending.tend)
            if await self._patiently(self._offsets.sent_back):
                await self._rewind()
        await self._heal()
        work, self._ahead = self._ahead or await self._fetch(wait), None
        if not work:
            return 0
        started = time.perf_counter()
        try:
            await self._do_and_fetch(work)
        except Fenced as reason:
            metrics.fenced.labels(**self._names).inc()
            _log.warning("consumer fenced", reason=str(reason), **self._names)
            await self._rewind()
            await self._patiently.pause(0.02)
            return 0
        spans = work.spans.items()
        await self._from.advise({Slot(topic, nr, span.topic_id): span.after for (topic, nr), span in spans})
        self._seconds.observe(time.perf_counter() - started)
        return len(work.arrivals)

    async def _fetch(self, wait: float) -> Work | None:
        fetched = await self._patiently(lambda: self._from.fetch(MOST, wait))
        return Work.of(fetched) if fetched else None

    async def _do_and_fetch(self, work: Work) -> None:
        """Where there is much to do, the next batch is fetched and decoded while the database is at this one."""
        if len(work.arrivals) < MOST // 2:
            await self._do(work)
            return
        doing = asyncio.create_task(self._do(work))
        try:
            self._ahead = await self._fetch(0)
            await doing
        finally:
            if not doing.done():
                doing.cancel()
                await asyncio.wait([doing])

    async def _rewind(self) -> None:
        self._ahead = None
        await self._from.rewind()

    async def _locate(self, slots: Sequence[Slot]) -> dict[Slot, int]:
        """Where to go on; with a new share come the hints about it."""
        offsets = await self._patiently(lambda: self._offsets.locate(slots))
        await self._patiently(self._tending.tend)
        self.assigned = True
        return offsets

    async def _do(self, work: Work) -> None:
        """Does the work; where a fact spoils it, closes in on that one, so that it alone is put aside.

        Halving commits what is good on the way: with k bad facts among n that makes about k·log2(n) transactions.
        """
        try:
            done = await self._tried(work)
        except Poison as poison:
            if len(poison.tried) == 1:
                _log.error("effect failed", error=poison.error, at=_where(poison), **self._names)
                condemned = {**work.condemned, poison.tried[0].event.id: poison.error}
                await self._do(replace(work, condemned=condemned))
            elif work.divisible:
                for half in work.halves():
                    await self._do(half)
            else:
                # one record (or one subject) that set several free: apply a part of them, the others wait a little more
                await self._do(replace(work, limit=len(poison.tried) // 2))
        else:
            self._after(done)

    async def _tried(self, work: Work) -> Done:
        """Commits; where two consumers made the same row at once, the second try sees it."""
        for attempt in range(TRIES):
            try:
                return await self._patiently(lambda: self._batch.commit(work))
            except Poison as poison:
                if not isinstance(poison.__cause__, IntegrityError) or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _after(self, done: Done) -> None:
        self._handler.committed()
        if self._listener and done.marks:
            self._listener.advanced(done.marks)
        self._hints.held |= done.kept
        self._hints.stopped |= done.stopped
        unread = (row for row in done.rows if row.kind == "fact" and row.reason != "cannot_apply")
        self._hints.unread |= {row.event_id: row.id for row in unread}
        self._left |= done.left
        for outcome, count in done.counts.items():
            if count:
                metrics.events.labels(**self._names, outcome=outcome).inc(count)
        for row in done.rows:
            where = {"topic": row.topic, "partition": row.partition, "offset": row.record_offset, "entry": row.id}
            _log.error("quarantined", reason=row.reason, error=row.error, type=row.type, **where, **self._names)
        if done.counts.get("ended"):
            _log.warning("facts of a life that has ended", count=done.counts["ended"], **self._names)

    async def _heal(self) -> None:
        """Lets subjects go on that may, without a record of theirs coming in: the operator's wish, or a rest."""
        while self._left or self._hints.revivable:
            some = dict([*self._left.items(), *self._hints.revivable.items()][:REVIVED_AT_ONCE])
            for key in some:
                self._left.pop(key, None)
                self._hints.revivable.pop(key, None)
            await self._do(Work(revive=some))


def _where(poison: Poison) -> str:
    """Where it failed: file and line only, for an error's text may hold what was sent."""
    cause = poison.__cause__
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    return " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames[-3:]))
