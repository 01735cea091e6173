"""Answers are judged against their form: what is on it is taken, what is not is refused, and nothing ever crashes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from libs.events.catalogue.care import AnswerItem, FormItem, Scale
from libs.events.decider import Invalid
from services.care.domain.answers import Given, Rated, judge
from services.care.domain.state import Form
from tests.services.care.telling import START

SCALE = Scale(lowest=1, highest=5)


def form(*keys: str, **members: Any) -> Form:
    items = [FormItem(key=k, dimension="empathy", scale=SCALE, text={"en": k}, weight=2) for k in keys or ("a", "b")]
    asks: Any = ["perception", "expectation"]
    return Form(name="f", dimension_set="rater", items=items, asks=asks, at=START).model_copy(update=members)


def test_an_answer_carries_what_it_needs_to_be_scored_by_itself() -> None:
    assert judge(Given([Rated("b", 4, 5)]), form()) == [
        AnswerItem(item="b", dimension="empathy", scale=SCALE, perception=4, expectation=5, weight=2)
    ]


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        (Given(), "empty_answer", ""),
        (Given([Rated("c", 4)]), "unknown_item", "/items/0/item"),
        (Given([Rated("a", 4), Rated("a", 4)]), "duplicate", "/items/1/item"),
        (Given([Rated("a", 5.1)]), "out_of_scale", "/items/0/perception"),
        (Given([Rated("a", 5, 0)]), "out_of_scale", "/items/0/expectation"),
        (Given([Rated("a", 5, 5, 1)]), "not_asked", "/items/0/importance"),
        (Given(nps=9), "not_asked", "/nps"),
        (Given(csat=4), "not_asked", "/csat"),
        (Given(ces=4), "not_asked", "/ces"),
    ],
)
def test_what_is_not_on_the_form_is_refused_where_it_stands(said: Given, code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        judge(said, form())
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_expectation_is_refused_where_only_perception_is_asked() -> None:
    with pytest.raises(Invalid, match="not_asked"):
        judge(Given([Rated("a", 4, 4)]), form(asks=["perception"]))


def test_importances_need_a_whole_to_be_shares_of() -> None:
    asked = form(asks=["perception", "importance"])
    assert judge(Given([Rated("a", 4, importance=0), Rated("b", 4, importance=70)]), asked)[1].importance == 70
    with pytest.raises(Invalid, match="no_importance"):
        judge(Given([Rated("a", 4, importance=0)]), asked)


def test_a_remark_alone_is_an_answer_and_so_is_a_figure() -> None:
    assert judge(Given(remarks=True), form()) == []
    assert judge(Given(nps=0), form(nps=True)) == []
    assert judge(Given(csat=1), form(csat=SCALE)) == []


FIGURES = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-10, 10).map(float)
RATED = st.builds(Rated, st.sampled_from(["a", "b", "c", ""]), FIGURES, st.none() | FIGURES, st.none() | FIGURES)
ON_SCALE = st.floats(min_value=1, max_value=5)


@for_all(
    st.lists(RATED, max_size=5),
    st.none() | st.integers(), st.none() | FIGURES, st.none() | st.integers(), st.booleans(),
)  # fmt: skip
def test_whatever_is_said_is_judged_or_refused(
    items: list[Rated], nps: int | None, csat: float | None, ces: int | None, remarks: bool
) -> None:
    asked = form(nps=True, csat=SCALE, asks=["perception", "expectation", "importance"])
    try:
        judged = judge(Given(items, nps, csat, ces, remarks), asked)
    except Invalid:
        return
    assert [j.item for j in judged] == [i.item for i in items]
    for one in judged:
        assert 1 <= one.perception <= 5
        assert one.expectation is None or 1 <= one.expectation <= 5


@for_all(st.dictionaries(st.sampled_from("abcde"), st.tuples(ON_SCALE, st.none() | ON_SCALE), min_size=1))
def test_whatever_is_on_the_scale_is_taken(answers: dict[str, tuple[float, float | None]]) -> None:
    judged = judge(Given([Rated(k, p, e) for k, (p, e) in answers.items()]), form(*"abcde"))
    assert {j.item: (j.perception, j.expectation) for j in judged} == answers
