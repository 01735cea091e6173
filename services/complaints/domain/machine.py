"""Spot, Correct, Report: which step may be taken when.

    open ──correction──► corrected ──report──► reported
      ▲                      │                     │
      └──────reopening───────┴─────────────────────┘         open ──withdrawal──► withdrawn (final)

A complaint is open once spotted. Acknowledgement (once), assignment and escalation are taken while it is open and leave
it open; correction needs nothing else before it.

Steps are judged at the time they happened, not at the time we heard of them. So the state is a replay of all steps
in the order of their times. A step is possible if the replay takes it. A step that comes late may overtake later ones
that were taken before (the first of two corrections, heard of second): the later one is then passed over until the
missing step between them (the reopening) comes as well. No step is ever dropped, and in whatever order the steps of
one true history come, the same state comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Generic, Literal, Protocol, TypeVar

State = Literal["open", "corrected", "reported", "withdrawn"]
StepName = Literal[
    "acknowledgement", "assignment", "escalation", "correction", "report", "reopening", "withdrawal",
]  # fmt: skip

LEADS_TO: dict[tuple[State, StepName], State] = {
    ("open", "acknowledgement"): "open",
    ("open", "assignment"): "open",
    ("open", "escalation"): "open",
    ("open", "correction"): "corrected",
    ("open", "withdrawal"): "withdrawn",
    ("corrected", "report"): "reported",
    ("corrected", "reopening"): "open",
    ("reported", "reopening"): "open",
}
"""The transition table: what is not here is not possible."""

RANK: dict[StepName, int] = {
    "acknowledgement": 1, "assignment": 2, "escalation": 3, "correction": 4, "report": 5, "reopening": 6,
    "withdrawal": 7,
}  # fmt: skip
"""The natural order of steps that happened at the same moment."""

MISSING: dict[State, StepName] = {"open": "correction", "corrected": "reopening", "reported": "reopening"}
"""Which step, had it come, could make possible what is not possible now; nothing follows a withdrawal."""


class Taken(Protocol):
    """A step that was told of."""

    @property
    def step(self) -> StepName: ...

    @property
    def at(self) -> datetime: ...


T = TypeVar("T", bound=Taken)


@dataclass(frozen=True, slots=True)
class Told:
    """A step that is only thought of."""

    step: StepName
    at: datetime


@dataclass(frozen=True, slots=True)
class Replay(Generic[T]):
    """What the steps come to: `taken` in the order in which they count, `passed` those that cannot count (yet);
    `opened` is when the present (or last) open period began."""

    state: State
    opened: datetime
    taken: tuple[T, ...]
    passed: tuple[T, ...]

    @property
    def possible(self) -> list[StepName]:
        """The steps that may be taken next."""
        acknowledged = any(t.step == "acknowledgement" for t in self.taken)
        return [
            step for (state, step) in LEADS_TO
            if state == self.state and not (acknowledged and step == "acknowledgement")
        ]  # fmt: skip


def replay(spotted: datetime, steps: Iterable[T], until: datetime | None = None) -> Replay[T]:
    """Plays the steps in the order of their times, up to and including `until`.

    Among steps of one moment the first in natural order that is possible goes first, so that a reopening and a second
    correction told with the same time find their places.
    """
    state: State = "open"
    opened = spotted
    taken: list[T] = []
    passed: list[T] = []
    in_time = sorted((s for s in steps if until is None or s.at <= until), key=lambda s: (s.at, RANK[s.step]))
    for _, moment in groupby(in_time, key=lambda s: s.at):
        waiting = list(moment)
        while waiting:
            found = next((s for s in waiting if (state, s.step) in LEADS_TO), None)
            if found is None:
                passed.extend(waiting)
                break
            waiting.remove(found)
            taken.append(found)
            state = LEADS_TO[state, found.step]
            if found.step == "reopening":
                opened = found.at
    return Replay(state, opened, tuple(taken), tuple(passed))


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a step may be taken at its time; `before` is how things stand without it, as far as they forbid it."""

    allowed: bool
    before: Replay[Taken]
    missing: StepName | None = None


def judge(spotted: datetime, steps: Sequence[Taken], step: StepName, at: datetime) -> Judged:
    """Judges one more step among those known. Its time must not lie before the spotting.

    `missing` names the step that could still come and make it possible. A withdrawal ends everything, so it may
    not come before anything that counted.
    """
    before = replay(spotted, steps, until=at)
    new: Taken = Told(step, at)
    whole = replay(spotted, [*steps, new])
    if not any(t is new for t in whole.taken):
        return Judged(False, before, MISSING.get(before.state))
    known = replay(spotted, steps)
    if step == "withdrawal" and len(whole.taken) <= len(known.taken):
        return Judged(False, known)
    # nor does anything slip in before a withdrawal of the same moment that was heard of first
    if any(t.step == "withdrawal" and t.at == at and t not in whole.taken for t in known.taken):
        return Judged(False, known)
    return Judged(True, before)
