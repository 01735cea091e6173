"""The loyalty tier: a short table of rules, first match wins, and the reasons are the conditions that held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from libs.events.catalogue.customers import Stage
from libs.events.catalogue.scores import Level, Tier
from services.scoring.domain.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a customer's loyalty; None is not known, and no condition holds of what is not known."""

    stage: Stage | None = None
    recency_days: int | None = None
    frequency: int = 0
    level: Level | None = None
    nps: int | None = None
    open_complaints: int = 0
    p_alive: float | None = None


Condition = Callable[[Standing, ScoringSettings], bool]

CONDITIONS: dict[str, Condition] = {
    "lost": lambda c, s: c.stage == "lost",
    "fading": lambda c, s: c.p_alive is not None and c.p_alive < s.fading_below,
    "silent": lambda c, s: c.recency_days is not None and c.recency_days > s.silent_after_days,
    "complaint_open": lambda c, s: c.open_complaints >= s.open_complaints_at_risk,
    "detractor": lambda c, s: c.nps is not None and c.nps <= s.detractor_to,
    "promoter": lambda c, s: c.nps is not None and c.nps >= s.promoter_from,
    "not_promoter": lambda c, s: c.nps is None or c.nps < s.promoter_from,
    "satisfied": lambda c, s: c.level in ("met", "exceeded"),
    "dissatisfied": lambda c, s: c.level == "not_met",
    "not_dissatisfied": lambda c, s: c.level != "not_met",
    "returning": lambda c, s: c.frequency >= 1,
    "frequent": lambda c, s: c.frequency >= s.loyal_frequency,
    "recent": lambda c, s: c.recency_days is not None and c.recency_days <= s.loyal_recency_days,
}
"""What may be said of a customer: code → whether it holds."""

RULES: tuple[tuple[Tier, tuple[str, ...]], ...] = (
    ("lost", ("lost",)),
    ("at_risk", ("fading",)),
    ("at_risk", ("silent",)),
    ("at_risk", ("complaint_open",)),
    ("at_risk", ("detractor",)),
    ("at_risk", ("dissatisfied", "not_promoter")),
    ("advocate", ("promoter", "satisfied", "returning")),
    ("loyal", ("promoter", "satisfied")),                            # colleagues and others who do not buy, too
    ("loyal", ("frequent", "recent", "not_dissatisfied")),
)  # fmt: skip
"""Tier and the conditions that must all hold, from the first to look at to the last; nothing holds: passive."""

SIGNALS = ("promoter", "satisfied", "dissatisfied", "returning", "frequent", "recent")
"""What is told of a passive customer, whose signals do not add up to a tier."""
NOTHING = "nothing_decides"


def tier_of(customer: Standing, settings: ScoringSettings) -> tuple[Tier, list[str]]:
    """The tier, and the codes of what decided it: the conditions of every rule of that tier that holds."""
    holds = {code for code, condition in CONDITIONS.items() if condition(customer, settings)}
    held = [(tier, codes) for tier, codes in RULES if holds.issuperset(codes)]
    if not held:
        return "passive", [code for code in SIGNALS if code in holds] or [NOTHING]
    decided = held[0][0]
    return decided, list(dict.fromkeys(code for tier, codes in held if tier == decided for code in codes))
