"""The score of one customer: the story, and what holds of any history."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.fact import Fact, state_hash
from services.scoring.domain.score import explain, score
from tests.services.scoring.domain.given import ME, START, answered, bought, day, item, story
from tests.services.scoring.domain.some import DIMENSIONS, grades, histories, moments

NOW = day(13, 0)
LATER = START + timedelta(days=1000)


def test_the_story() -> None:
    facts = story()
    assert score(ME, facts, NOW) == {
        "customer": ME,
        "as_of": "2026-03-13T00:00:00Z",
        "satisfaction": {
            "overall": {"gap": pytest.approx(-25), "level": "not_met", "n": 1},
            "dimensions": {
                "empathy": {"perception": 100, "expectation": 100, "gap": 0, "n": 1},
                "reliability": {"perception": 75, "expectation": 100, "gap": -25, "n": 1},
                "responsiveness": {"perception": 25, "expectation": 75, "gap": -50, "n": 1},
            },
            "nps_answer": 0,
            "csat": 4,
            "ces": None,
        },
        "loyalty": {
            "tier": "at_risk",
            "reasons": ["detractor", "dissatisfied", "not_promoter"],
            "recency_days": 3,
            "frequency": 2,
            "monetary": {"amount": "30.00", "currency": "USD"},
            "p_alive": None,
            "expected_purchases": None,
        },
        "complaints": {"open": 0, "corrected": 1, "corrected_promptly": 1},
        "state_hash": state_hash(facts),
        "applied": {"customers": 6, "care": 4, "complaints": 5},
    }


def test_the_story_on_earlier_days() -> None:
    before = score(ME, story(), day(9, 23))
    assert before["satisfaction"]["overall"] == {"gap": None, "level": None, "n": 0}
    assert before["satisfaction"]["dimensions"] == {}
    assert before["complaints"] == {"open": 0, "corrected": 0, "corrected_promptly": 0}
    assert score(ME, story(), day(6, 0))["loyalty"]["frequency"] == 1
    assert score(ME, story(), day(11, 14))["complaints"]["open"] == 1
    assert score(ME, story(), day(11))["complaints"]["open"] == 1  # what happens at that moment has happened
    assert score(ME, story(), day(13), known_at=story()[-1].recorded)["complaints"]["corrected"] == 1


def test_the_shape_is_whole_without_facts() -> None:
    empty, full = score(ME, [], NOW), score(ME, story(), NOW)
    assert [(k, sorted(v) if isinstance(v, dict) else k) for k, v in empty.items()] == [
        (k, sorted(v) if isinstance(v, dict) else k) for k, v in full.items()
    ]
    assert empty["loyalty"]["monetary"] is None
    assert empty["applied"] == {"customers": 0, "care": 0, "complaints": 0}


def test_what_was_recorded_later_was_not_known_yet() -> None:
    late = bought(day(3), "late", "5.00", sequence=9)._replace(recorded=day(20))
    assert score(ME, [*story(), late], NOW, known_at=NOW) == score(ME, story(), NOW)
    assert score(ME, [*story(), late], NOW)["loyalty"]["frequency"] == 3


def test_the_explanation_names_each_answer_and_dimension() -> None:
    why = explain(ME, story(), NOW)
    assert {c["dimension"]: c["contribution"] for c in why["contributions"]} == pytest.approx(
        {"empathy": 0, "reliability": -25 / 3, "responsiveness": -50 / 3}
    )
    assert {(c["type"], c["at"]) for c in why["contributions"]} == {("survey.answered", "2026-03-10T09:00:00Z")}


@given(histories(), moments, st.randoms(use_true_random=False))
def test_order_and_repetition_of_facts_do_not_matter(facts: list[Fact], as_of: datetime, chance: random.Random) -> None:
    told = facts + chance.sample(facts, len(facts) // 2)
    chance.shuffle(told)
    assert score(ME, told, as_of) == score(ME, facts, as_of)


@given(histories(), moments, moments)
def test_looking_back_equals_folding_what_was_there(facts: list[Fact], as_of: datetime, known_at: datetime) -> None:
    there = [fact for fact in facts if fact.time <= as_of and fact.recorded <= known_at]
    assert score(ME, facts, as_of, known_at=known_at) == score(ME, there, as_of)


@given(histories())
def test_contributions_add_up(facts: list[Fact]) -> None:
    overall = score(ME, facts, LATER)["satisfaction"]["overall"]
    why = explain(ME, facts, LATER)
    assert why["overall"] == overall
    parts = [c["contribution"] for c in why["contributions"]]
    assert (overall["gap"] is None) == (not parts)
    assert sum(parts) == pytest.approx(overall["gap"] or 0.0, abs=1e-9)
    assert overall["n"] == len({c["event"] for c in why["contributions"]})


@given(histories())
def test_figures_stay_on_their_scales(facts: list[Fact]) -> None:
    said = score(ME, facts, LATER)["satisfaction"]
    assert abs(said["overall"]["gap"] or 0) <= 100 + 1e-9
    for dimension in said["dimensions"].values():
        assert -1e-9 <= dimension["perception"] <= 100 + 1e-9
        assert abs(dimension["gap"] or 0) <= 100 + 1e-9
        assert dimension["n"] >= 1


answer = st.lists(st.tuples(st.sampled_from(DIMENSIONS), grades, grades, grades), min_size=1, max_size=4)


def told(given_answers: list[tuple[datetime, list[tuple[str, int, int, int]]]]) -> list[Fact]:
    return [
        answered(at, *(item(d, p, e, importance=i) for d, p, e, i in answers), sequence=n)
        for n, (at, answers) in enumerate(given_answers, 1)
    ]


@given(st.lists(st.tuples(moments, answer), min_size=1, max_size=5), st.data())
def test_a_better_perception_never_lowers_and_a_higher_expectation_never_raises(given_answers: Any, data: Any) -> None:
    gap = explain(ME, told(given_answers), LATER)["overall"]["gap"]
    n = data.draw(st.integers(0, len(given_answers) - 1))
    at, answers = given_answers[n]
    k = data.draw(st.integers(0, len(answers) - 1))
    dimension, perception, expectation, importance = answers[k]
    for change, sign in (((dimension, 5, expectation, importance), 1), ((dimension, perception, 5, importance), -1)):
        changed = [*given_answers[:n], (at, [*answers[:k], change, *answers[k + 1 :]]), *given_answers[n + 1 :]]
        assert sign * (explain(ME, told(changed), LATER)["overall"]["gap"] - gap) >= -1e-9


@given(histories(), st.integers(0, 5000))
def test_time_alone_does_not_change_satisfaction(facts: list[Fact], days: int) -> None:
    assert score(ME, facts, LATER + timedelta(days=days))["satisfaction"] == score(ME, facts, LATER)["satisfaction"]
