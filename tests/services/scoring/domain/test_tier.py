"""The table of tiers."""

from __future__ import annotations

import pytest

from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from services.scoring.domain.tier import CONDITIONS, RULES, SIGNALS, Standing, tier_of


@pytest.mark.parametrize(
    ("customer", "tier", "reasons"),
    [
        (Standing(stage="lost", level="exceeded", nps=10), "lost", ["lost"]),
        (Standing(recency_days=366), "at_risk", ["silent"]),
        (Standing(p_alive=0.4), "at_risk", ["fading"]),
        (Standing(nps=0, open_complaints=1), "at_risk", ["complaint_open", "detractor"]),
        (Standing(nps=7, level="not_met"), "at_risk", ["dissatisfied", "not_promoter"]),
        (Standing(nps=9, level="met", frequency=1, recency_days=3), "advocate", ["promoter", "satisfied", "returning"]),
        (Standing(nps=10, level="exceeded"), "loyal", ["promoter", "satisfied"]),
        (Standing(frequency=2, recency_days=180), "loyal", ["frequent", "recent", "not_dissatisfied"]),
        # the contract's example: a promoter who buys often and yet was disappointed
        (Standing(nps=9, level="not_met", frequency=2, recency_days=3), "passive",
         ["promoter", "dissatisfied", "returning", "frequent", "recent"]),
        (Standing(), "passive", ["nothing_decides"]),
    ],
)  # fmt: skip
def test_tiers(customer: Standing, tier: str, reasons: list[str]) -> None:
    assert tier_of(customer, DEFAULTS) == (tier, reasons)


def test_thresholds_are_settings() -> None:
    assert tier_of(Standing(recency_days=40), ScoringSettings(silent_after_days=30))[0] == "at_risk"
    assert tier_of(Standing(open_complaints=1), ScoringSettings(open_complaints_at_risk=2))[0] == "passive"


def test_every_code_in_the_table_is_a_condition() -> None:
    assert {code for _, codes in RULES for code in codes} | set(SIGNALS) <= set(CONDITIONS)
