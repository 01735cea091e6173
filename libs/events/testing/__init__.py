"""Given what happened, when something is asked, then this follows: how a decider is told about in tests.

    given(decider, happened(Spotted(...), day(1))).when(Correct(...)).then(Corrected(...))
    given(decider).when(WinBack(...)).refused("not_possible", state="prospect")

No store, clock or network: `given` folds the facts, `when` decides, `then` compares the data of what came out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from libs.events.decider import Decider, Happened, NewEvent, Refused
from libs.events.values import Data

S = TypeVar("S", bound=BaseModel)
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def hour(n: float) -> datetime:
    """`n` hours into the story."""
    return START + timedelta(hours=n)


def day(n: float) -> datetime:
    """`n` days into the story."""
    return START + timedelta(days=n)


def happened(data: Data, at: datetime) -> Happened:
    """A fact with the moment it happened; its number is given by its place in the story."""
    return Happened(data, at, 0)


def fold(decider: Decider[S], facts: Iterable[Data | Happened]) -> S:
    """The state after `facts` in the order they came; those without a moment happen an hour after another."""
    state = decider.initial()
    for number, fact in enumerate(facts, start=1):
        known = fact._replace(sequence=number) if isinstance(fact, Happened) else Happened(fact, hour(number), number)
        state = decider.evolve(state, known)
    return state


@dataclass(frozen=True, slots=True)
class Then(Generic[S]):
    """What came of it."""

    decider: Decider[S]
    facts: tuple[Data | Happened, ...]
    asked_at: datetime
    events: tuple[NewEvent, ...]
    refusal: Refused | None

    def then(self, *expected: Data) -> Then[S]:
        """These facts and no others."""
        if self.refusal:
            raise AssertionError(f"refused: {self.refusal!r}")
        got = [stated(e.data) for e in self.events]
        want = [stated(e) for e in expected]
        assert got == want, f"{got} is not {want}"
        return self

    def nothing(self) -> Then[S]:
        """No new fact: it was so already."""
        return self.then()

    def refused(self, code: str, **extra: Any) -> Refused:
        """Refused with this code, and with these members among what the caller is told."""
        if self.refusal is None:
            raise AssertionError(f"accepted: {[stated(e.data) for e in self.events]}")
        assert self.refusal.code == code, self.refusal
        told = {name: self.refusal.extra.get(name) for name in extra}
        assert told == extra, f"{told} is not {extra}"
        return self.refusal

    @property
    def state(self) -> S:
        """The state afterwards."""
        new = [Happened(e.data, e.at or self.asked_at, 0) for e in self.events]
        return fold(self.decider, [*self.facts, *new])


@dataclass(frozen=True, slots=True)
class Given(Generic[S]):
    """What happened so far."""

    decider: Decider[S]
    facts: tuple[Data | Happened, ...]

    @property
    def state(self) -> S:
        return fold(self.decider, self.facts)

    def when(self, command: Any) -> Then[S]:
        """Asks for `command` as things stand."""
        try:
            events = tuple(self.decider.decide(command, self.state))
        except Refused as refusal:
            return Then(self.decider, self.facts, command.at, (), refusal)
        return Then(self.decider, self.facts, command.at, events, None)


def given(decider: Decider[S], *facts: Data | Happened) -> Given[S]:
    """Starts a story with what has happened."""
    return Given(decider, facts)


def stated(data: Data) -> tuple[str, dict[str, Any]]:
    """A fact's model and the members it states."""
    return type(data).__name__, data.model_dump(mode="json", exclude_unset=True)
