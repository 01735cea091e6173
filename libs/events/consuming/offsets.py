"""Where a consumer goes on, kept beside its effects and moved by compare-and-set: this is what fences a zombie.

A batch names for each partition the offset it starts from. Only where that *equals* the stored one, in the same life of
the topic, may it commit; the row stays locked until it does. A batch that a log client delivers before the seek, or a
member that does not know yet that it lost the partition, finds another offset here and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select, tuple_, update

from libs.events.consuming.faults import Fenced
from libs.events.consuming.tables import offsets
from libs.events.log import Slot
from libs.events.store.database import Database, Transaction

Partition = tuple[str, int]
CONFIRMED = 3
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Span:
    """What a batch covers of one partition: from `first`, going on at `after`."""

    topic_id: str
    first: int
    after: int


class Offsets:
    """The offsets of one consumer."""

    def __init__(self, database: Database, consumer: str) -> None:
        self._database, self._consumer = database, consumer
        self._seen: dict[Partition, tuple[int, int, int]] = {}
        self._at: dict[Partition, tuple[str, int]] = {}

    async def locate(self, slots: Sequence[Slot]) -> dict[Slot, int]:
        """Where to read next in each slot; a new slot, and a topic made anew, start at 0.

        Reading a new life of a topic from its start is right: what was taken before is known by its sequence.
        """
        async with self._database.begin() as tx:
            rows = [(self._consumer, s.topic, s.partition, s.topic_id, 0) for s in slots]
            await tx.insert(offsets, rows)
            stored = await self._locked(tx, {(s.topic, s.partition) for s in slots})
            anew = [row for row in rows if stored[row[1], row[2]][0] != row[3]]
            await tx.upsert(offsets, anew)
        renewed = {(row[1], row[2]) for row in anew}
        found = {s: 0 if (s.topic, s.partition) in renewed else stored[s.topic, s.partition][1] for s in slots}
        self._at = {(s.topic, s.partition): (s.topic_id, at) for s, at in found.items()}
        return found

    def reading(self, slot: Slot, found: int) -> int:
        """Where a batch of this slot starts whose first record stands at `found`.

        Other systems may publish in transactions, whose markers take offsets of their own, and their topics forget:
        what lies between where we stood and `found` is no record that could be read.
        """
        topic_id, at = self._at.get((slot.topic, slot.partition), ("", found))
        return at if topic_id == slot.topic_id and at < found else found

    async def sent_back(self) -> bool:
        """Whether somebody moved us back since we last looked: a rebuild, which no record tells of while none comes."""
        column = offsets.c
        query = select(column.topic, column.partition, column.topic_id, column.next_offset)
        async with self._database.read() as reader:
            rows = (await reader.conn.execute(query.where(column.consumer == self._consumer))).all()
        stored = {(topic, partition): (topic_id, at) for topic, partition, topic_id, at in rows}
        ours = [(at, stored.get(partition, at)) for partition, at in self._at.items()]
        return any(there[0] == here[0] and there[1] < here[1] for here, there in ours)

    async def claim(self, tx: Transaction, spans: Mapping[Partition, Span], also: Collection[Partition] = ()) -> None:
        """Locks the partitions, and raises `Fenced` where one is not where the batch starts. `also` is only locked."""
        stored = await self._locked(tx, {*spans, *also})
        for partition, span in spans.items():
            topic_id, at = stored.get(partition, ("", -1))
            if topic_id != span.topic_id or (at != span.first and not self._confirmed(partition, at, span.first)):
                raise Fenced(f"{partition[0]}/{partition[1]}: at {at}, not {span.first}")

    async def move(self, tx: Transaction, spans: Mapping[Partition, Span]) -> None:
        """Sets the claimed partitions to where their spans end."""
        rows = [(self._consumer, topic, nr, span.topic_id, span.after) for (topic, nr), span in spans.items()]
        await tx.upsert(offsets, rows)
        # should this be rolled back, it looks as if we were sent back: we read again from where we are, which is right
        self._at |= {partition: (span.topic_id, span.after) for partition, span in spans.items()}

    async def _locked(self, tx: Transaction, partitions: Collection[Partition]) -> dict[Partition, tuple[str, int]]:
        if not partitions:
            return {}
        column = offsets.c
        query = select(column.topic, column.partition, column.topic_id, column.next_offset).where(
            column.consumer == self._consumer, tuple_(column.topic, column.partition).in_(sorted(partitions))
        )
        # in the order of the key, so that two who lock the same rows never wait for each other in a ring
        rows = await tx.conn.execute(query.order_by(column.topic, column.partition).with_for_update())
        return {(topic, partition): (topic_id, at) for topic, partition, topic_id, at in rows}

    def _confirmed(self, partition: Partition, at: int, first: int) -> bool:
        """Whether the log insists: asked for `at` again and again, it gave `first` each time, while nobody moved us.

        Then the records at `at` are no more: they expired (inbound topics), or the log lost them. To rewind for ever
        would hold the line for ever; what is read twice so is known by sequence or key, what is missed is a gap.
        """
        before, start, times = self._seen.get(partition, (-1, -1, 0))
        times = times + 1 if (before, start) == (at, first) else 1
        self._seen[partition] = at, first, times
        if at < 0 or times < CONFIRMED:
            return False
        _log.error("the log has other offsets", topic=partition[0], partition=partition[1], stored=at, found=first)
        return True


async def reset(tx: Transaction, consumer: str) -> None:
    """Sends a consumer back to the start; whoever reads now is fenced at its next batch."""
    column = offsets.c
    await tx.conn.execute(update(offsets).where(column.consumer == consumer).values(next_offset=0))
