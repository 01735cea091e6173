"""Figures that are never bare: each carries its n and its 95 % interval (domain §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any

from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from services.scoring.domain.student import normal_quantile, student_quantile

ADDED = 3
"""Pseudo-answers that the adjusted-Wald interval adds; ¾ to promoters and to detractors, the rest to passives."""
ADDED_EACH = 0.75


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, how many observations it rests on, and its interval; None where nothing is known (or a side is open)."""

    value: float | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None

    def json(self) -> dict[str, Any]:
        """`{value, n, interval: [low, high]}`."""
        return {"value": self.value, "n": self.n, "interval": [self.low, self.high]}


def share(hits: int, n: int, settings: ScoringSettings = DEFAULTS) -> Figure:
    """`hits` of `n` as a share 0 to 1 with its Wilson interval (8 of 10: [0.490, 0.943])."""
    if n == 0:
        return Figure()
    z = normal_quantile(settings.confidence)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At 0 and n hits the bound is 0 and 1 by algebra; rounding must not put the value outside its own interval.
    return Figure(p, n, 0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half)


def net_promoters(promoters: int, passives: int, detractors: int, settings: ScoringSettings = DEFAULTS) -> Figure:
    """NPS in points, −100 to +100, with the adjusted-Wald interval of Rocks 2016 (65/99/86: −8.4, [−17.81, 1.21]).

    The interval leans to the middle; of a single answer so much that it ends at 98.5 points, short of the value itself.
    """
    n = promoters + passives + detractors
    if n == 0:
        return Figure()
    up = (promoters + ADDED_EACH) / (n + ADDED)
    down = (detractors + ADDED_EACH) / (n + ADDED)
    half = normal_quantile(settings.confidence) * sqrt((up + down - (up - down) ** 2) / (n + ADDED))
    low, high = 100 * (up - down - half), 100 * (up - down + half)
    return Figure(100 * (promoters - detractors) / n, n, max(low, -100.0), min(high, 100.0))


def nps(answers: Iterable[int], settings: ScoringSettings = DEFAULTS) -> Figure:
    """NPS of answers 0 to 10: % of 9–10 minus % of 0–6."""
    given = list(answers)
    promoters = sum(answer >= settings.promoter_from for answer in given)
    detractors = sum(answer <= settings.detractor_to for answer in given)
    return net_promoters(promoters, len(given) - promoters - detractors, detractors, settings)


def csat(answers: Iterable[tuple[float, float | None, float | None]], settings: ScoringSettings = DEFAULTS) -> Figure:
    """Share of answers in the top two boxes. Each is (answer, lowest, highest) of a scale whose boxes are 1 apart;
    None: the scale of the settings."""
    given = [_satisfied(*answer, settings) for answer in answers]
    return share(sum(given), len(given), settings)


def ces(answers: Iterable[int], settings: ScoringSettings = DEFAULTS) -> tuple[Figure, Figure]:
    """Customer effort on 1 to 7: its mean, and the share of 5–7 (easy)."""
    given = list(answers)
    easy = share(sum(answer >= settings.ces_easy_from for answer in given), len(given), settings)
    return mean(given, settings.ces_lowest, settings.ces_highest, settings), easy


def mean(
    values: Sequence[float], lowest: float | None, highest: float | None, settings: ScoringSettings = DEFAULTS
) -> Figure:
    """The mean with Student's t-interval, kept within the bounds of the scale (None: open on that side).

    One value alone says nothing of the spread: its interval is the whole scale.
    """
    n = len(values)
    if n == 0:
        return Figure()
    middle = fsum(values) / n
    if n == 1:
        return Figure(middle, n, lowest, highest)
    spread = sqrt(fsum((value - middle) ** 2 for value in values) / (n - 1))
    half = student_quantile(settings.confidence, n - 1) * spread / sqrt(n)
    low, high = middle - half, middle + half
    # Rounding may carry the mean itself past the scale; the interval goes along rather than exclude it.
    return Figure(
        middle,
        n,
        low if lowest is None else min(middle, max(low, lowest)),
        high if highest is None else max(middle, min(high, highest)),
    )


def _satisfied(answer: float, lowest: float | None, highest: float | None, settings: ScoringSettings) -> bool:
    bottom = settings.csat_lowest if lowest is None else lowest
    top = settings.csat_highest if highest is None else highest
    # On a scale whose best answer is its lowest number ("1 = very good"), the top boxes are at the other end.
    return abs(top - answer) <= settings.csat_boxes - 1 if top != bottom else False
