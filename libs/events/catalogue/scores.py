"""Announcements of scoring, told on `careledger.scores`."""

from __future__ import annotations

from typing import Literal

from libs.events.catalogue.registry import event
from libs.events.values import Data, Generated, Moment

TOPIC = "careledger.scores"

Level = Literal["exceeded", "met", "not_met"]
Tier = Literal["advocate", "loyal", "passive", "at_risk", "lost"]


class Change(Data):
    """What made the change: the event's id and when that happened."""

    caused_by: Generated[str]
    caused_at: Moment


@event("satisfaction.changed", TOPIC)
class SatisfactionChanged(Change):
    """The customer's satisfaction is announced at another level; `gap` in points (−100 to +100), of `n` answers."""

    level: Level | None
    previous: Level | None
    gap: float | None
    n: int


@event("loyalty.changed", TOPIC)
class LoyaltyChanged(Change):
    """The customer's loyalty is announced at another tier; `reasons` are the rules that decided."""

    tier: Tier
    previous: Tier | None
    reasons: list[str]


@event("model.fitted", TOPIC)
class ModelFitted(Data):
    """A purchase model was fitted; its subject is `model:<id>`."""

    model: Generated[str]
    kind: str
    parameters: dict[str, float]
    until: Moment
