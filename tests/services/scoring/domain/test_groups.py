"""The satisfaction report."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.answers import AnswerRow
from services.scoring.domain.groups import BY, By, satisfaction_report
from services.scoring.domain.settings import ScoringSettings
from tests.services.scoring.domain.given import day, item, row

LAN_GOOD = row(day(1), item("empathy", 5, 5), item("reliability", 4, 5), staff="lan", nps=10, subject="c1", sequence=1)
LAN_BAD = row(day(2), item("empathy", 1, 5), staff="lan", nps=0, subject="c2", sequence=2)
MINH = row(day(3), item("reliability", 2, 4), staff="minh", csat=5, ces=6, subject="c1", sequence=3)
ROWS = [LAN_GOOD, LAN_BAD, MINH]


def groups(report: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    return {group["key"]: group for group in report["groups"]}


def nameless(n: int, staff: str | None = "an") -> list[AnswerRow]:
    return [row(day(4), item("empathy", 1, 5), subject=f"anonymous:{k}", sequence=k, staff=staff) for k in range(n)]


def test_groups_have_the_mean_over_answers_and_over_customers_beside_it() -> None:
    again = row(day(4), item("empathy", 1, 5), staff="lan", subject="c2", sequence=4)
    lan = groups(satisfaction_report([*ROWS, again], "staff"))["lan"]
    assert (lan["answers"], lan["customers"]) == (3, 2)
    assert lan["gap"]["value"] == pytest.approx((-12.5 - 100 - 100) / 3)
    assert lan["gap_by_customer"]["value"] == pytest.approx((-12.5 - 100) / 2)
    assert lan["level"] == "not_met"
    assert lan["nps"]["value"] == 0
    assert lan["nps"]["n"] == 2
    assert lan["not_met"]["value"] == 1
    assert lan["dimensions"]["empathy"]["gap"]["n"] == 3
    assert lan["dimensions"]["reliability"]["gap"] == {"value": -25, "n": 1, "interval": [-100, 100]}


def test_the_total_is_over_all_answers() -> None:
    total = satisfaction_report(ROWS, "staff")["total"]
    assert (total["answers"], total["customers"], total["gap"]["n"]) == (3, 2, 3)
    assert total["csat"]["value"] == 1
    assert total["ces"] == {"value": 6, "n": 1, "interval": [1, 7]}


def test_by_dimension_an_answer_counts_in_each_it_rates() -> None:
    found = groups(satisfaction_report(ROWS, "dimension"))
    assert found["empathy"]["gap"]["value"] == -50
    assert found["reliability"]["gap"]["value"] == pytest.approx(-37.5)
    assert set(found["reliability"]["dimensions"]) == {"reliability"}


def test_where_dissatisfaction_is_most_common() -> None:
    often = [row(day(5), item("reliability", 3, 5), staff="lan", subject=f"d{n}", sequence=n) for n in range(3)]
    first, second, third = satisfaction_report([*ROWS, *often], "staff")["most_common_dissatisfaction"]
    assert (first["key"], first["dimension"], first["answers"]) == ("lan", "reliability", 4)
    assert (second["key"], second["dimension"], second["answers"]) == ("minh", "reliability", 1)
    assert (third["key"], third["dimension"], third["not_met"]["value"]) == ("lan", "empathy", 0.5)


def test_periods_adjoin() -> None:
    assert satisfaction_report(ROWS, "staff", since=day(1), until=day(2))["total"]["answers"] == 1
    assert satisfaction_report(ROWS, "staff", since=day(2))["total"]["answers"] == 2
    assert satisfaction_report(ROWS, "staff", as_of=day(2))["total"]["answers"] == 2


def test_an_expectation_from_before_the_period_counts() -> None:
    silent = row(day(9), item("reliability", 2), subject="c1", sequence=9)
    assert satisfaction_report([*ROWS, silent], "staff", since=day(9))["total"]["gap"]["value"] == -50


def test_few_anonymous_answers_are_withheld() -> None:
    found = groups(satisfaction_report([*ROWS, *nameless(4)], "staff"))["an"]
    assert (found["answers"], found["withheld"]) == (0, 4)
    assert found["gap"] == {"value": None, "n": 0, "interval": [None, None]}
    enough = groups(satisfaction_report([*ROWS, *nameless(5)], "staff"))["an"]
    assert (enough["answers"], enough["withheld"], enough["gap"]["value"]) == (5, 0, -100)
    assert enough["gap_by_customer"]["n"] == 0
    allowed = satisfaction_report(nameless(2), "staff", settings=ScoringSettings(anonymous_minimum=2))
    assert groups(allowed)["an"]["answers"] == 2


def test_few_anonymous_answers_do_not_show_through_the_known_ones() -> None:
    mixed = satisfaction_report([*ROWS, *nameless(4, staff="lan")], "staff")
    assert groups(mixed)["lan"]["gap"] == groups(satisfaction_report(ROWS, "staff"))["lan"]["gap"]
    assert groups(mixed)["lan"]["withheld"] == 4
    assert mixed["most_common_dissatisfaction"] == satisfaction_report(ROWS, "staff")["most_common_dissatisfaction"]


def test_nor_do_the_few_of_them_that_rated_a_dimension() -> None:
    one = row(day(4), item("assurance", 1, 5), subject="anonymous:x", sequence=9, staff="an")
    found = groups(satisfaction_report([*nameless(5), one], "staff"))["an"]
    assert found["answers"] == 6
    assert found["dimensions"]["assurance"]["gap"]["value"] is None


def test_anonymous_answers_are_one_group_of_customers() -> None:
    assert set(groups(satisfaction_report([*ROWS, *nameless(6)], "customer"))) == {"c1", "c2", "anonymous"}


def test_a_customer_lies_in_all_their_segments() -> None:
    rows = [LAN_GOOD._replace(segments=("vip", "night")), LAN_BAD]
    assert list(groups(satisfaction_report(rows, "segment"))) == ["night", "vip", None]


def test_months() -> None:
    assert list(groups(satisfaction_report(ROWS, "period"))) == ["2026-03"]


@pytest.mark.parametrize("by", BY)
def test_the_shape_is_whole(by: By) -> None:
    empty = satisfaction_report([], by)
    assert (empty["by"], empty["groups"], empty["most_common_dissatisfaction"]) == (by, [], [])
    report = satisfaction_report(ROWS, by)
    assert report["groups"]
    for group in report["groups"]:
        assert set(group) == set(empty["total"])


@given(st.permutations([*ROWS, *nameless(5)]), st.sampled_from(BY))
def test_the_order_of_rows_does_not_matter(rows: list[AnswerRow], by: By) -> None:
    assert satisfaction_report(rows, by) == satisfaction_report([*ROWS, *nameless(5)], by)
