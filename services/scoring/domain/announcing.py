"""Announcing: when a changed level or tier is told to the other services. Reading never announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from libs.events.catalogue.scores import Level, LoyaltyChanged, SatisfactionChanged, Tier
from libs.events.decider import Happened, NewEvent, Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Plain):
    """What a customer's facts come to now, and the fact that made somebody look. A level changes when its cause
    happens, so that is the time of the announcement: who answers it can tell an old story from news.

    `margin` is how far, in points, a gap must lie beyond the border of a level before another one is announced: without
    it, a customer on the border would be announced again with every answer.
    """

    level: Level | None
    gap: float | None
    n: int
    tier: Tier
    reasons: list[str]
    caused_by: str
    caused_at: datetime
    tolerance: float
    margin: float


class Announced(BaseModel):
    """What was announced last. Without an announcement the level is not known, and a customer is a passive one."""

    level: Level | None = None
    tier: Tier = "passive"


class Announcer:
    """The decider of scoring's own events."""

    version = 1
    state = Announced

    def initial(self) -> Announced:
        return Announced()

    def evolve(self, state: Announced, event: Happened) -> Announced:
        match event.data:
            case SatisfactionChanged(level=level):
                return state.model_copy(update={"level": level})
            case LoyaltyChanged(tier=tier):
                return state.model_copy(update={"tier": tier})
        return state

    def decide(self, command: Announce, state: Announced) -> list[NewEvent]:
        events = []
        if settled_level(command, state.level) != state.level:
            events.append(
                NewEvent(
                    SatisfactionChanged(
                        caused_by=command.caused_by, caused_at=command.caused_at, level=command.level,
                        previous=state.level, gap=command.gap, n=command.n,
                    )
                )
            )  # fmt: skip
        if command.tier != state.tier:
            events.append(
                NewEvent(
                    LoyaltyChanged(
                        caused_by=command.caused_by, caused_at=command.caused_at, tier=command.tier,
                        previous=state.tier, reasons=command.reasons,
                    )
                )
            )  # fmt: skip
        return events


def settled_level(command: Announce, announced: Level | None) -> Level | None:
    """The level to announce: the announced one while the gap is within the margin of the border it crossed."""
    if announced is None or command.level is None or command.gap is None:
        return command.level
    near = abs(abs(command.gap) - command.tolerance) <= command.margin
    neighbours = "met" in (announced, command.level)
    return announced if near and neighbours else command.level
