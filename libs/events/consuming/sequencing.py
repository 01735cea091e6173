"""Which of the facts that came are new, and in what order: pure, for one subject of one service at a time.

The rules, against the mark (the last fact taken):

- the next number is taken, and after it whatever waited for it;
- a number that was passed is a duplicate; a taken number with another id is a *fork*: two facts claim one place. Of
  numbers before the mark no ids are kept. But recorded times never go back within a subject, so what was recorded after
  the mark is not what was taken there: it is a fork, too;
- a number further on waits;
- a higher *epoch* is a restored store's new life: its facts are taken from any number that the mark has reached or just
  not passed, for the store had lost what came after, and the mark goes back with them;
- a lower epoch is a life that has *ended*. The log told all of it before the new one, so this was taken then, or it is
  among the facts that the store no longer has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from libs.events.envelope import Event


class Carrier(Protocol):
    """What carries a fact."""

    event: Event


class Mark(NamedTuple):
    """The last fact taken of a subject; sequence 0: none. `recorded` is when its store took it, where noted."""

    sequence: int = 0
    event_id: str = ""
    epoch: int = 0
    recorded: datetime | None = None


NOTHING = Mark()
C = TypeVar("C", bound=Carrier)


@dataclass(slots=True)
class Sequencer(Generic[C]):
    """Takes one subject's facts as they come. `ready` are new and in order; `duplicates`, `forks` and `ended` are not
    to be taken; what is left in `ahead` still misses something before it."""

    before: Mark = NOTHING
    ready: list[C] = field(default_factory=list)
    duplicates: list[C] = field(default_factory=list)
    forks: list[C] = field(default_factory=list)
    ended: list[C] = field(default_factory=list)
    ahead: dict[tuple[int, int, str], C] = field(default_factory=dict)
    _sequence: int = 0
    _epoch: int = 0

    def __post_init__(self) -> None:
        self._sequence, self._epoch = self.before.sequence, self.before.epoch

    def offer(self, carried: C) -> None:
        """Takes one more fact, and after it those that waited for it."""
        if self._place(carried) and self.ahead:
            self._follow()

    def offer_all(self, carried: Iterable[C]) -> Sequencer[C]:
        """Takes many."""
        for one in carried:
            self.offer(one)
        return self

    def mark(self, taken: int) -> Mark:
        """Where the subject stands once the first `taken` of what is ready were applied."""
        if not taken:
            return self.before
        last = self.ready[taken - 1].event
        return Mark(last.sequence, last.id, last.epoch, last.recorded)

    def _place(self, carried: C) -> bool:
        """Puts one fact where it belongs; whether the mark moved."""
        event = carried.event
        sequence, epoch = event.sequence, event.epoch
        if (epoch == self._epoch and sequence == self._sequence + 1) or (
            epoch > self._epoch and sequence <= self._sequence + 1
        ):
            self.ready.append(carried)
            self._sequence, self._epoch = sequence, epoch
            return True
        if epoch < self._epoch:
            self.ended.append(carried)
        elif epoch == self._epoch and sequence <= self._sequence:
            (self.forks if self._forks(event) else self.duplicates).append(carried)
        elif self.ahead.setdefault((epoch, sequence, event.id), carried) is not carried:
            self.duplicates.append(carried)
        return False

    def _follow(self) -> None:
        moved = True
        while moved and self.ahead:
            # in the order of the lives, then of the numbers, so that one pass takes all that can be taken of one life
            waited, self.ahead = self.ahead, {}
            moved = False
            for place in sorted(waited):
                moved |= self._place(waited[place])

    def _forks(self, event: Event) -> bool:
        """Whether another fact has the number that this one claims."""
        if taken := self._id_at(event.sequence):
            return taken != event.id
        before = self.before
        return event.epoch == before.epoch and before.recorded is not None and event.recorded > before.recorded

    def _id_at(self, sequence: int) -> str | None:
        """Who took a number of this life, as far as that is still known: the last one, and those taken just now."""
        if sequence == self.before.sequence and self._epoch == self.before.epoch:
            return self.before.event_id
        found = (c.event for c in self.ready if c.event.sequence == sequence)
        return next((e.id for e in found if e.epoch == self._epoch), None)
