"""Promises: made in a contact, kept on time, kept late, broken, and broken but kept after all."""

from __future__ import annotations

import pytest

from libs.events.catalogue.care import PromiseBroken, PromiseKept, PromiseMade, TouchpointRecorded
from services.care.domain.commands import Break, Keep, Promise, Touch
from tests.services.care.telling import day, given, when

MADE = PromiseMade(promise="p", touchpoint="t", what="call back", due=day(2), owner="lan")


def test_a_contact_tells_of_itself_and_of_each_promise() -> None:
    call = Promise(id="p1", what="call", due=day(1), owner="lan")
    visit = Promise(id="p2", what="visit", due=day(9), owner="minh")
    touch = Touch(at=day(0), touchpoint="t", staff="lan", channel="phone", promises=(call, visit))

    facts = when(given(), touch)

    assert [type(f) for f in facts] == [TouchpointRecorded, PromiseMade, PromiseMade]
    assert facts[1] == PromiseMade(promise="p1", touchpoint="t", what="call", due=day(1), owner="lan", staff="lan")
    assert "department" not in facts[0].model_fields_set, "what is not known is left unsaid"


@pytest.mark.parametrize(("at", "late"), [(1, False), (2, False), (2.01, True)])
def test_a_promise_is_kept_on_time_until_it_is_due(at: float, late: bool) -> None:
    assert when(given(MADE), Keep(at=day(at), promise="p")) == [PromiseKept(promise="p", late=late)]


def test_a_promise_kept_twice_is_kept_once() -> None:
    assert when(given(MADE, PromiseKept(promise="p", late=False)), Keep(at=day(1), promise="p")) == []


def test_a_promise_runs_out_once_and_only_after_it_was_due() -> None:
    assert when(given(MADE), Break(at=day(1.99), promise="p")) == []
    assert when(given(MADE), Break(at=day(3), promise="p")) == [PromiseBroken(promise="p")]
    assert when(given(MADE, PromiseBroken(promise="p")), Break(at=day(3), promise="p")) == []
    assert when(given(MADE, PromiseKept(promise="p", late=False)), Break(at=day(3), promise="p")) == []


def test_late_news_of_a_promise_kept_in_time_is_believed_after_it_was_declared_broken() -> None:
    broken = given(MADE, PromiseBroken(promise="p"))
    assert when(broken, Keep(at=day(1), promise="p")) == [PromiseKept(promise="p", late=False)]
    assert when(broken, Keep(at=day(5), promise="p")) == [PromiseKept(promise="p", late=True)]


def test_what_is_done_with_leaves_no_state() -> None:
    assert given(MADE, PromiseBroken(promise="p"), PromiseKept(promise="p", late=True)) == given()
