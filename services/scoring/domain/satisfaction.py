"""Satisfaction of one customer: S = P − E by dimension and overall, fading with age (domain §4).

All weights are taken relative to the newest answer of what is averaged. Exponential decay allows that: the factor
0.5 ** (as_of − newest) is the same for all and drops out. So satisfaction changes when an answer comes, never by time
alone, and nothing underflows however old the answers or short the half-life.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum
from operator import mul
from typing import NamedTuple, TypeVar

from libs.events.catalogue.scores import Level
from services.scoring.domain.answers import ANSWERED, AnswerRow, Rating
from services.scoring.domain.settings import ScoringSettings

N = TypeVar("N", int, float)

DAY = timedelta(days=1)
ROUNDING = 1e-9
"""Points by which floating point may be off: a gap of exactly the tolerance is still met."""


class Contribution(NamedTuple):
    """How many points one answer, in one dimension, adds to the overall gap."""

    event: str
    type: str
    at: datetime
    dimension: str
    contribution: float


class DimensionScore(NamedTuple):
    """Decayed means of one dimension, 0 to 100. `n` is the number of answers of the dimension.

    `perception` rests on all of them, `expectation` and `gap` on those with an expectation, stated or earlier.
    """

    perception: float
    expectation: float | None
    gap: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """The overall gap (points, −100 to +100) and what it is made of; `n` counts answers with at least one gap."""

    gap: float | None
    level: Level | None
    n: int
    dimensions: dict[str, DimensionScore]
    nps_answer: int | None
    csat: float | None
    ces: int | None
    contributions: tuple[Contribution, ...]


def level_of(gap: float | None, tolerance: float) -> Level | None:
    """Exceeded above +tolerance, not met below −tolerance, met between; None where there is no gap."""
    if gap is None:
        return None
    if abs(gap) <= tolerance + ROUNDING:
        return "met"
    return "exceeded" if gap > 0 else "not_met"


def satisfaction(answers: Sequence[AnswerRow], settings: ScoringSettings) -> Satisfaction:
    """The satisfaction that one customer's answers come to.

    `answers` in order, from `with_expectations`. Overall = Σ w̄ · gap over the dimensions with a gap, where w̄ is the
    decayed mean of the dimension's weights in the answers that have it, renormalised over those dimensions.
    """
    shares_of = _Shares(settings.half_life_days)
    by_dimension: dict[str, list[tuple[AnswerRow, Rating]]] = {}
    for row in answers:
        for rating in row.ratings:
            by_dimension.setdefault(rating.dimension, []).append((row, rating))
    scores: dict[str, DimensionScore] = {}
    weights: dict[str, float] = {}
    parts: dict[str, list[tuple[AnswerRow, float]]] = {}
    for dimension, rated in sorted(by_dimension.items()):
        shares = shares_of([row.at for row, _ in rated])
        perception = _sum(shares, [rating.perception for _, rating in rated])
        compared = [(row, rating.expectation, gap) for row, rating in rated
                    if rating.expectation is not None and (gap := rating.gap) is not None]  # fmt: skip
        expectation = mean_gap = None
        if compared:
            weights[dimension] = _sum(shares, [rating.weight for _, rating in rated])
            if len(compared) < len(rated):
                shares = shares_of([row.at for row, _, _ in compared])
            expectation = _sum(shares, [e for _, e, _ in compared])
            parts[dimension] = [(row, share * gap) for share, (row, _, gap) in zip(shares, compared, strict=True)]
            mean_gap = fsum([part for _, part in parts[dimension]])
        scores[dimension] = DimensionScore(perception, expectation, mean_gap, len(rated))
    contributions = _contributions(weights, parts)
    gap = fsum([c.contribution for c in contributions]) if contributions else None
    return Satisfaction(
        gap, level_of(gap, settings.tolerance), len({c.event for c in contributions}), scores,
        _latest(row.nps for row in answers), _latest(row.csat for row in answers), _latest(row.ces for row in answers),
        contributions,
    )  # fmt: skip


Rated = tuple[float | None, float | None, float | None]
"""(perception, expectation, gap)."""


def whole(row: AnswerRow) -> Rated:
    """Perception, expectation and gap of one answer over its dimensions, each weighted by its share of the answer.

    Expectation and gap rest on the dimensions that have them.
    """
    if not row.ratings:
        return None, None, None
    compared = [(rating.weight, rating.expectation, gap) for rating in row.ratings
                if rating.expectation is not None and (gap := rating.gap) is not None]  # fmt: skip
    perception = _weighted([(rating.weight, rating.perception) for rating in row.ratings])
    if not compared:
        return perception, None, None
    return perception, _weighted([(w, e) for w, e, _ in compared]), _weighted([(w, gap) for w, _, gap in compared])


def _weighted(values: list[tuple[float, float]]) -> float:
    full = fsum([weight for weight, _ in values])
    if full <= 0:
        return fsum([value for _, value in values]) / len(values)
    return fsum([weight * value for weight, value in values]) / full


def _contributions(
    weights: dict[str, float], parts: dict[str, list[tuple[AnswerRow, float]]]
) -> tuple[Contribution, ...]:
    full = fsum(weights.values())
    found = []
    for dimension, weight in weights.items():
        share = weight / full if full > 0 else 1 / len(weights)
        found += [Contribution(row.event, ANSWERED, row.at, dimension, part * share) for row, part in parts[dimension]]
    return tuple(found)


class _Shares:
    """How much each of some answers weighs, adding up to 1: half for every half-life of age.

    Most answers speak of all dimensions, so that the same moments are asked about again and again.
    """

    def __init__(self, half_life_days: float) -> None:
        self._half_life_days = half_life_days
        self._known: dict[tuple[datetime, ...], list[float]] = {}

    def __call__(self, moments: Sequence[datetime]) -> list[float]:
        asked = tuple(moments)
        found = self._known.get(asked)
        if found is None:
            newest = max(asked)
            faded = [0.5 ** ((newest - at) / DAY / self._half_life_days) for at in asked]
            full = fsum(faded)
            found = self._known[asked] = [weight / full for weight in faded]
        return found


def _sum(shares: Iterable[float], values: Iterable[float]) -> float:
    return fsum(map(mul, shares, values))


def _latest(given: Iterable[N | None]) -> N | None:
    last = None
    for value in given:
        last = value if value is not None else last
    return last
