"""S = P − E: gaps, fallbacks, weights and fading."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.scoring.domain.answers import with_expectations
from services.scoring.domain.satisfaction import Satisfaction, level_of, satisfaction
from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from tests.services.scoring.domain.given import day, item, row


def of(*rows: object, settings: ScoringSettings = DEFAULTS) -> Satisfaction:
    return satisfaction(with_expectations(rows), settings)  # type: ignore[arg-type]


def test_a_gap_is_perception_minus_expectation() -> None:
    found = of(row(day(1), item("reliability", 4, 5), item("responsiveness", 2, 4), item("empathy", 5, 5)))
    reliability = found.dimensions["reliability"]
    assert (reliability.perception, reliability.expectation, reliability.gap, reliability.n) == (75, 100, -25, 1)
    assert found.dimensions["responsiveness"].gap == -50
    assert (found.gap, found.level, found.n) == (pytest.approx(-25), "not_met", 1)


def test_items_of_one_dimension_are_averaged_within_their_answer() -> None:
    found = of(row(day(1), item("empathy", 5, 5), item("empathy", 3, 5, item="x"), item("reliability", 5, 5)))
    assert found.dimensions["empathy"].gap == -25
    assert found.dimensions["empathy"].n == 1
    assert found.gap == pytest.approx(-12.5)  # a dimension asked twice weighs no more


def test_without_answers_nothing_is_invented() -> None:
    found = of()
    assert (found.gap, found.level, found.n, found.dimensions, found.nps_answer) == (None, None, 0, {}, None)


def test_perception_alone_is_reported_without_a_gap() -> None:
    found = of(row(day(1), item("empathy", 5)))
    assert (found.dimensions["empathy"].perception, found.dimensions["empathy"].gap) == (100, None)
    assert (found.gap, found.level, found.n) == (None, None, 0)


def test_expectation_is_the_latest_the_customer_stated_for_the_dimension() -> None:
    found = of(
        row(day(1), item("empathy", 3), sequence=1),  # before any expectation
        row(day(2), item("empathy", 3, 3), sequence=2),
        row(day(3), item("empathy", 3, 5), sequence=3),
        row(day(4), item("empathy", 3), item("reliability", 5), sequence=4),
    )
    gaps = {c.event[-1]: c.contribution for c in found.contributions}
    assert set(gaps) == {"2", "3", "4"}
    assert gaps["2"] == 0
    assert gaps["4"] == pytest.approx(-50 / 3, rel=0.01)
    assert found.dimensions["empathy"].n == 4
    assert found.dimensions["reliability"].gap is None
    assert found.n == 3


def test_an_expectation_stated_in_the_same_moment_counts() -> None:
    found = of(row(day(1), item("empathy", 3), sequence=1), row(day(1), item("empathy", 3, 5), sequence=2))
    assert (found.gap, found.n) == (-50, 2)


def test_somebody_elses_expectation_does_not() -> None:
    other = row(day(1), item("empathy", 3, 5), subject="anonymous:1")
    mine = with_expectations([other, row(day(2), item("empathy", 3), sequence=2)])[1]
    assert mine.ratings[0].gap is None


def test_after_a_half_life_an_answer_weighs_half() -> None:
    old = row(day(1), item("empathy", 1, 5), sequence=1)
    new = row(day(1) + timedelta(days=180), item("empathy", 5, 5), sequence=2)
    assert of(old, new).gap == pytest.approx(-100 / 3)
    assert of(old, new, settings=ScoringSettings(half_life_days=90)).gap == pytest.approx(-20)


def test_nothing_underflows_when_answers_are_old_and_fade_fast() -> None:
    old = row(day(1), item("empathy", 1, 5), sequence=1)
    new = row(day(1) + timedelta(days=365 * 40), item("reliability", 5), sequence=2)
    assert of(old, new, settings=ScoringSettings(half_life_days=0.5)).gap == -100


def test_stated_importances_weigh_the_dimensions() -> None:
    found = of(row(day(1), item("empathy", 1, 5, importance=1), item("reliability", 5, 5, importance=3)))
    assert found.gap == pytest.approx(-25)


def test_else_the_forms_weights_do() -> None:
    found = of(row(day(1), item("empathy", 1, 5, weight=3), item("reliability", 5, 5, weight=1)))
    assert found.gap == pytest.approx(-75)


def test_a_dimension_without_importance_gets_the_mean_of_the_others() -> None:
    rated = row(
        day(1), item("a", 1, 5, importance=1), item("b", 5, 5, importance=3), item("c", 5, 5),
    )  # fmt: skip
    assert {r.dimension: r.weight for r in rated.ratings} == pytest.approx({"a": 1 / 6, "b": 1 / 2, "c": 1 / 3})


def test_weights_are_renormalised_over_what_was_answered() -> None:
    both = row(day(1), item("empathy", 1, 5, importance=1), item("reliability", 5, 5, importance=1), sequence=1)
    one = row(day(1), item("empathy", 1, 5, importance=5), sequence=2)
    # mean weights: empathy (½ + 1)/2 = ¾, reliability ½, so 3/5 and 2/5
    assert of(both, one).gap == pytest.approx(-60)


def test_a_dimension_of_no_importance_alone_still_counts() -> None:
    rated = row(day(1), item("empathy", 1, 5, importance=0), item("reliability", 5, importance=2))
    assert of(rated).gap == -100


def test_an_item_on_a_scale_without_width_says_nothing() -> None:
    assert of(row(day(1), item("empathy", 1, 1, lowest=1.0, highest=1.0))).dimensions == {}


def test_the_latest_nps_csat_and_ces_are_told_and_zero_is_an_answer() -> None:
    found = of(row(day(1), nps=9, csat=4, ces=6, sequence=1), row(day(2), nps=0, sequence=2))
    assert (found.nps_answer, found.csat, found.ces) == (0, 4, 6)


@pytest.mark.parametrize(
    ("gap", "level"),
    [(5.1, "exceeded"), (5.0, "met"), (5.0 + 1e-12, "met"), (0, "met"), (-5.0, "met"), (-5.1, "not_met"), (None, None)],
)
def test_levels_have_a_tolerance(gap: float | None, level: str | None) -> None:
    assert level_of(gap, 5.0) == level


def test_contributions_of_very_many_answers_add_up() -> None:
    rows = [
        row(
            day(1) + timedelta(hours=7 * n),
            item("empathy", 1 + n % 5, 4),
            item("reliability", 1 + n % 3, 5),
            sequence=n,
        )
        for n in range(1, 5000)
    ]
    found = of(*rows)
    assert sum(c.contribution for c in found.contributions) == pytest.approx(found.gap, abs=1e-9)
    assert len(found.contributions) == 2 * 4999
