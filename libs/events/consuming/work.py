"""A piece of work for one transaction: what came, which offsets it moves, and how far to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from libs.events.consuming.decoding import Arrival, Bad, decode
from libs.events.consuming.ledger import Key
from libs.events.consuming.offsets import Partition, Span
from libs.events.log import Record, Slot


@dataclass(frozen=True, slots=True)
class Work:
    """What one transaction is to do.

    `arrivals` are whole stretches of the partitions in `spans`, in their order. `revive` names subjects whose waiting
    facts and quarantined ones (as the operator wishes) are looked at, with their partitions. Not more than `limit`
    facts are applied, the others wait. `condemned`: facts that cannot be applied, with the error.
    """

    arrivals: Sequence[Arrival | Bad] = ()
    spans: Mapping[Partition, Span] = field(default_factory=dict)
    revive: Mapping[Key, Partition] = field(default_factory=dict)
    limit: int | None = None
    condemned: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fetched: Mapping[Slot, Sequence[Record]]) -> Work:
        """The work that a fetched batch makes."""
        arrivals: list[Arrival | Bad] = []
        spans = {}
        for slot, records in fetched.items():
            if records:
                spans[slot.topic, slot.partition] = Span(slot.topic_id, records[0].offset, records[-1].offset + 1)
                arrivals += map(decode, records)
        return cls(arrivals, spans)

    def halves(self) -> tuple[Work, Work]:
        """Two pieces that do the same one after another."""
        if not self.arrivals:
            keys = list(self.revive.items())
            middle = len(keys) // 2
            return replace(self, revive=dict(keys[:middle])), replace(self, revive=dict(keys[middle:]))
        middle = len(self.arrivals) // 2
        left, right = self.arrivals[:middle], self.arrivals[middle:]
        reached: dict[Partition, int] = {(a.record.topic, a.record.partition): a.record.offset + 1 for a in left}
        going_on = {(a.record.topic, a.record.partition) for a in right}
        first: dict[Partition, Span] = {}
        second: dict[Partition, Span] = {}
        for partition, span in self.spans.items():
            cut = reached.get(partition, span.first) if partition in going_on else span.after
            if partition in reached:
                first[partition] = replace(span, after=cut)
            if partition in going_on:
                second[partition] = replace(span, first=cut)
        return replace(self, arrivals=left, spans=first), replace(self, arrivals=right, spans=second, revive={})

    @property
    def divisible(self) -> bool:
        """Whether `halves` makes it smaller."""
        return len(self.arrivals) > 1 or (not self.arrivals and len(self.revive) > 1)
