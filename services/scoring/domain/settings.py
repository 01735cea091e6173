"""Every number the scores depend on, with its default; from the domain's texts (§4, §5) unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """The parameters of scoring; days are of 24 hours, gaps and tolerance in points of the 0–100 scale."""

    half_life_days: float = 180.0
    """After so many days an answer weighs half."""
    tolerance: float = 5.0
    """Satisfaction is met while the gap is at most so many points away from 0."""
    anonymous_minimum: int = 5
    """Fewer anonymous answers than this in one slice are withheld from it."""
    confidence: float = 0.95
    """Coverage of every interval."""

    promoter_from: int = 9
    detractor_to: int = 6
    csat_lowest: float = 1.0
    csat_highest: float = 5.0
    """The CSAT scale where an answer does not carry its own."""
    csat_boxes: int = 2
    """How many boxes from the top count as satisfied."""
    ces_lowest: float = 1.0
    ces_highest: float = 7.0
    ces_easy_from: int = 5

    currency: str | None = None
    """Currency that monetary value is reported in; None: that of the customer's latest purchase."""

    silent_after_days: int = 365
    """No purchase for longer than this puts a buyer at risk (our own default; the texts give none)."""
    fading_below: float = 0.5
    """A probability of being alive below this puts a customer at risk."""
    loyal_frequency: int = 2
    """So many repeat purchase days make a frequent buyer."""
    loyal_recency_days: int = 180
    """A frequent buyer is a loyal one if the last purchase is at most so long ago."""
    open_complaints_at_risk: int = 1

    announcing_margin: float = 1.0
    """So many points beyond a level's border before another level is announced (reads are not damped)."""

    most_common: int = 5
    """How many places of most common dissatisfaction a report names."""


DEFAULTS = ScoringSettings()
