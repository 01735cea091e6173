"""The loop over an inbound topic.

Commands are keyed by source and id, so they may commit first, in the store's own transactions; what is then noted about
them (parked, quarantined) commits together with the offset. A crash in between reads the batch again and finds every
command done. Order between events is kept within a batch and a partition, and nothing relies on it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import structlog

from libs.events.consuming import metrics
from libs.events.consuming.faults import Fenced, Patience, Stopping
from libs.events.consuming.offsets import Offsets, Partition, Span
from libs.events.consuming.projector import FEW, REST
from libs.events.inbox.inbox import CONSUMER, Inbox
from libs.events.inbox.judging import Judged
from libs.events.inbox.mending import Mending
from libs.events.inbox.parsing import Letter, Unfit, read_record
from libs.events.log import Consumer, Log, Record, Slot

MOST = 1000
WAIT = 0.1
_log = structlog.get_logger()


class InboundConsumer:
    """Takes the events of one inbound topic for one service, tries parked ones again, and does what the operator wants
    done with quarantined ones."""

    def __init__(self, inbox: Inbox, log: Log, topic: str, member: str = "") -> None:
        platform = inbox.platform
        self._inbox, self._database, self._clock = inbox, platform.database, platform.clock
        self._names = {"service": platform.service, "consumer": CONSUMER}
        self._offsets = Offsets(platform.database, CONSUMER)
        self._patiently = Patience(platform.service, CONSUMER)
        self._mending = Mending(inbox)
        self._from: Consumer = log.consumer(f"careledger.{platform.service}.{CONSUMER}", [topic], self._locate, member)
        self._seconds = metrics.batch_seconds.labels(**self._names)
        self.assigned = False
        """Whether the log has given this consumer its share, or told it that there is none."""

    @property
    def consumer(self) -> str:
        """The consumer's name."""
        return CONSUMER

    async def run(self) -> None:
        """Runs until `stop` or until cancelled."""
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
        """Records not yet taken in this consumer's share; None where that is unknown."""
        return await self._from.lag()

    async def step(self, wait: float = WAIT) -> int:
        """One round: fetches and takes a batch, then looks after parked and quarantined ones. How many records."""
        fetched = await self._patiently(lambda: self._from.fetch(MOST, wait))
        count = sum(map(len, fetched.values()))
        if count:
            started = time.perf_counter()
            try:
                await self._take(fetched)
            except Fenced as reason:
                metrics.fenced.labels(**self._names).inc()
                _log.warning("consumer fenced", reason=str(reason), **self._names)
                await self._from.rewind()
                await self._patiently.pause(0.02)
                return 0
            await self._from.advise({slot: records[-1].offset + 1 for slot, records in fetched.items() if records})
            self._seconds.observe(time.perf_counter() - started)
        await self._patiently(lambda: self._inbox.parking.look(now=bool(count)))
        await self._patiently(self._mending.look)
        return count

    async def _locate(self, slots: Sequence[Slot]) -> dict[Slot, int]:
        offsets = await self._patiently(lambda: self._offsets.locate(slots))
        self.assigned = True
        return offsets

    async def _take(self, fetched: dict[Slot, list[Record]]) -> None:
        letters: list[Letter | Unfit] = []
        spans: dict[Partition, Span] = {}
        for slot, records in fetched.items():
            if records:
                first = self._offsets.reading(slot, records[0].offset)
                spans[slot.topic, slot.partition] = Span(slot.topic_id, first, records[-1].offset + 1)
                for record in records:
                    letters += read_record(record)
        judged = await self._patiently(lambda: self._inbox.judge(letters))
        await self._patiently(lambda: self._note(judged, spans))
        for status, count in Counter(j.status for j in judged).items():
            metrics.events.labels(**self._names, outcome=status).inc(count)

    async def _note(self, judged: Sequence[Judged], spans: dict[Partition, Span]) -> None:
        """Parks and quarantines what was not taken, and moves the offsets, in one transaction."""
        entries, parking, now = self._inbox.entries, self._inbox.parking, self._clock.now()
        async with self._database.begin() as tx:
            await self._offsets.claim(tx, spans)
            await parking.park(tx, [j for j in judged if j.status == "parked"])
            rows = []
            for one in (j for j in judged if j.status not in ("appended", "already", "parked")):
                letter, record = one.letter, one.letter.record
                span = spans[record.topic, record.partition]
                place = (record.topic, span.topic_id, str(record.partition), str(record.offset), str(letter.index))
                key = parking.digest(letter.key) if letter.key else ""
                rows.append(entries.inbound(record, place, one.reason, one.fault, letter.type, key, now))
            await entries.write(tx, rows)
            await self._offsets.move(tx, spans)
        for row in rows:
            _log.error("quarantined", reason=row.reason, type=row.type, entry=row.id, **self._names)
