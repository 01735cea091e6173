"""The score of one customer: everything their facts come to as of a day, in the contract's shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import Stage
from libs.events.catalogue.scores import Tier
from libs.events.values import rfc3339
from services.scoring.domain.answers import ANSWERED, AnswerRow, with_expectations
from services.scoring.domain.complaints import ComplaintCounts, complaints, counts
from services.scoring.domain.fact import Fact, state_hash
from services.scoring.domain.loyalty import Habit, habit
from services.scoring.domain.person import admitted, applied
from services.scoring.domain.satisfaction import Satisfaction, satisfaction
from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from services.scoring.domain.stage import stage_of
from services.scoring.domain.tier import Standing, tier_of


@dataclass(frozen=True, slots=True)
class Picture:
    """A customer as facts show them, whatever the day; only the tier depends on that."""

    satisfaction: Satisfaction
    habit: Habit
    complaints: ComplaintCounts
    stage: Stage

    def tier(self, as_of: datetime, settings: ScoringSettings = DEFAULTS) -> tuple[Tier, list[str]]:
        """The tier as of a day, and its reasons: who is silent for long is at risk."""
        standing = Standing(
            self.stage, self.habit.recency_days(as_of), self.habit.frequency, self.satisfaction.level,
            self.satisfaction.nps_answer, self.complaints.open,
        )  # fmt: skip
        return tier_of(standing, settings)


def picture(facts: list[Fact], settings: ScoringSettings = DEFAULTS) -> Picture:
    """The picture that `facts` (from `admitted`) give; announcing compares two of them."""
    found = satisfaction(with_expectations(AnswerRow.of(f, "") for f in facts if f.type == ANSWERED), settings)
    return Picture(found, habit(facts, settings), counts(complaints(facts)), stage_of(facts))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a score is made of, but for the day: good for every day while no fact is added.

    It tells the satisfaction as the contract shapes it, and of answers nothing one by one.
    """

    picture: Picture
    satisfaction: Any
    state_hash: str
    applied: dict[str, int]

    def score(self, customer: str, as_of: datetime, settings: ScoringSettings = DEFAULTS) -> dict[str, Any]:
        """The score of `customer` as the contract shapes it."""
        buys, complained = self.picture.habit, self.picture.complaints
        tier, reasons = self.picture.tier(as_of, settings)
        return {
            "customer": customer,
            "as_of": rfc3339(as_of),
            "satisfaction": self.satisfaction,
            "loyalty": {
                "tier": tier,
                "reasons": reasons,
                "recency_days": buys.recency_days(as_of),
                "frequency": buys.frequency,
                "monetary": buys.monetary and {"amount": buys.monetary[0], "currency": buys.monetary[1]},
                "p_alive": None,
                "expected_purchases": None,
            },
            "complaints": {
                "open": complained.open,
                "corrected": complained.corrected,
                "corrected_promptly": complained.corrected_promptly,
            },
            "state_hash": self.state_hash,
            "applied": self.applied,
        }


def summary(facts: list[Fact], settings: ScoringSettings = DEFAULTS) -> Summary:
    """The summary of `facts` (from `admitted`)."""
    seen = picture(facts, settings)
    said = seen.satisfaction
    shape = {
        "overall": {"gap": shown(said.gap), "level": said.level, "n": said.n},
        "dimensions": {
            name: {
                "perception": shown(d.perception),
                "expectation": shown(d.expectation),
                "gap": shown(d.gap),
                "n": d.n,
            }
            for name, d in said.dimensions.items()
        },
        "nps_answer": said.nps_answer,
        "csat": said.csat,
        "ces": said.ces,
    }
    brief = replace(seen, satisfaction=replace(said, dimensions={}, contributions=()))
    return Summary(brief, shape, state_hash(facts), applied(facts))


def score(
    customer: str,
    facts: Iterable[Fact],
    as_of: datetime,
    settings: ScoringSettings = DEFAULTS,
    known_at: datetime | None = None,
) -> dict[str, Any]:
    """The score as the contract shapes it, of all facts of all subjects of the person `customer`.

    A pure function of the facts admitted: their order, and how often each is given, do not matter. The shape is always
    whole; null is "not known". Gaps are in points and not rounded.
    """
    return summary(admitted(facts, as_of, known_at), settings).score(customer, as_of, settings)


def shown(points: float | None) -> float | None:
    """A figure without the dust of binary fractions: −25.0 where the sum came to −24.999999999999996."""
    return None if points is None else round(points, 10)


def explain(
    customer: str,
    facts: Iterable[Fact],
    as_of: datetime,
    settings: ScoringSettings = DEFAULTS,
    known_at: datetime | None = None,
) -> dict[str, Any]:
    """Where the overall gap comes from: points per answer and dimension, adding up to `overall.gap` (null: none)."""
    said = picture(admitted(facts, as_of, known_at), settings).satisfaction
    return {
        "customer": customer,
        "as_of": rfc3339(as_of),
        "overall": {"gap": shown(said.gap), "level": said.level, "n": said.n},
        "contributions": [
            {"event": c.event, "type": c.type, "at": rfc3339(c.at)}
            | {"dimension": c.dimension, "contribution": c.contribution}
            for c in said.contributions
        ],
    }
