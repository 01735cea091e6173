"""Care planned, given, given late, missed; and care given without a plan."""

from __future__ import annotations

import pytest

from libs.events.catalogue.care import CareDelivered, CareMissed, CarePlanned, Served
from services.care.domain.commands import Deliver, Miss, Plan
from tests.services.care.telling import day, given, when

PLANNED = CarePlanned(delivery="d", due=day(2), why="customer.acquired", programme="welcome")


def keep_plan(at: float, on_time: bool | None = None) -> Deliver:
    return Deliver(at=day(at), delivery="d", keeps=True, served=Served(programme="welcome"), on_time=on_time)


def test_care_without_a_plan_says_only_what_is_known() -> None:
    (fact,) = when(given(), Deliver(at=day(0), delivery="x", served=Served(programme="gift", staff="lan")))
    assert fact == CareDelivered(delivery="x", programme="gift", staff="lan")
    assert fact.model_fields_set == {"delivery", "programme", "staff"}


@pytest.mark.parametrize(
    ("at", "told", "on_time"), [(1, None, True), (2, None, True), (3, None, False), (3, True, True)]
)
def test_a_plan_is_kept_on_time_by_its_due_date_unless_the_caller_knows_better(
    at: float, told: bool | None, on_time: bool
) -> None:
    (fact,) = when(given(PLANNED), keep_plan(at, told))
    assert isinstance(fact, CareDelivered)
    assert (fact.delivery, fact.planned, fact.on_time) == ("d", "d", on_time)


def test_a_plan_is_kept_once() -> None:
    assert when(given(PLANNED, CareDelivered(delivery="d", planned="d")), keep_plan(1)) == []


def test_a_plan_is_missed_once_after_it_was_due_and_may_still_be_kept() -> None:
    missed = CareMissed(delivery="d", due=day(2))
    assert when(given(PLANNED), Miss(at=day(1.99), delivery="d")) == []
    assert when(given(PLANNED), Miss(at=day(3), delivery="d")) == [missed]
    assert when(given(PLANNED, missed), Miss(at=day(3), delivery="d")) == []
    (late,) = when(given(PLANNED, missed), keep_plan(9))
    assert isinstance(late, CareDelivered)
    assert late.on_time is False


def test_the_same_care_is_not_planned_twice_while_it_is_to_be_given() -> None:
    again = PLANNED.model_copy(update={"delivery": "e"})
    other = again.model_copy(update={"about": "complaint-1"})
    assert when(given(PLANNED), Plan(at=day(0), data=PLANNED)) == []
    assert when(given(PLANNED), Plan(at=day(0), data=again)) == []
    assert when(given(PLANNED), Plan(at=day(0), data=other)) == [other]
    assert when(given(PLANNED, CareMissed(delivery="d", due=day(2))), Plan(at=day(3), data=again)) == [again]
    assert when(given(PLANNED, CareDelivered(delivery="d", planned="d")), Plan(at=day(3), data=again)) == [again]


def test_what_is_done_with_leaves_no_state() -> None:
    assert given(PLANNED, CareDelivered(delivery="d", planned="d"), CareDelivered(delivery="x")) == given()
