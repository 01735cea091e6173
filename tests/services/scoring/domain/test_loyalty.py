"""Recency, frequency and monetary value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.scoring.domain.loyalty import Habit, habit
from services.scoring.domain.settings import DEFAULTS, ScoringSettings
from tests.services.scoring.domain.given import bought, day

NOW = day(13, 0)


def test_the_first_purchase_day_does_not_count_and_orders_of_a_day_are_one() -> None:
    facts = [bought(day(2), "a", "10.00"), bought(day(5), "b", "30.00"), bought(day(5, 12), "c", "10.00"),
             bought(day(9, 14), "d", "20.00")]  # fmt: skip
    assert habit(facts, DEFAULTS) == Habit(day(9, 14), 2, ("30.00", "USD"))


def test_who_never_bought_has_no_recency() -> None:
    assert habit([], DEFAULTS) == Habit(None, 0, None)


def test_who_bought_once_has_no_repeat_value() -> None:
    assert habit([bought(day(2), "a", "10.00")], DEFAULTS) == Habit(day(2), 0, None)


def test_recency_counts_whole_days() -> None:
    assert Habit(day(2), 0, None).recency_days(NOW) == 10
    assert Habit(day(3, 1), 0, None).recency_days(day(3, 2)) == 0
    assert Habit(None, 0, None).recency_days(NOW) is None


def test_a_day_is_a_day_in_utc() -> None:
    late = bought(datetime(2026, 3, 2, 23, 59, tzinfo=UTC), "a", "1")
    early = bought(datetime(2026, 3, 3, 0, 1, tzinfo=UTC), "b", "1")
    assert habit([late, early], DEFAULTS).frequency == 1


def test_means_are_rounded_half_to_even() -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "0.01"), bought(day(3), "c", "0.02")]
    assert habit(facts, DEFAULTS).monetary == ("0.02", "USD")  # 0.015
    assert habit([*facts, bought(day(4), "d", "0.045")], DEFAULTS).monetary == ("0.02", "USD")  # 0.025


def test_a_refund_comes_off_the_day_of_its_order() -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "30.00"), bought(day(5), "c", "10.00"),
             bought(day(9), "r", "10.00", refund_of="b")]  # fmt: skip
    assert habit(facts, DEFAULTS) == Habit(day(5), 2, ("15.00", "USD"))


@pytest.mark.parametrize("refunds", [["10.00"], ["4.00", "6.00"], ["99.00"]])
def test_an_order_taken_back_in_full_is_no_purchase(refunds: list[str]) -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "20.00"), bought(day(9), "c", "10.00")]
    facts += [bought(day(10, n), f"r{n}", amount, refund_of="c") for n, amount in enumerate(refunds)]
    assert habit(facts, DEFAULTS) == Habit(day(2), 1, ("20.00", "USD"))


def test_a_refund_of_an_unknown_order_changes_nothing() -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "20.00"), bought(day(3), "r", "5.00", refund_of="z")]
    assert habit(facts, DEFAULTS) == Habit(day(2), 1, ("20.00", "USD"))


def test_a_free_order_is_a_purchase() -> None:
    assert habit([bought(day(1), "a", "0"), bought(day(2), "b", "0")], DEFAULTS).monetary == ("0.00", "USD")


def test_the_same_order_told_by_two_records_of_one_person_is_one() -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "20.00"), bought(day(2), "b", "20.00", subject="other")]
    assert habit(facts, DEFAULTS).monetary == ("20.00", "USD")


def test_order_numbers_of_two_records_may_clash() -> None:
    facts = [bought(day(1), "1", "5.00"), bought(day(3), "1", "20.00", subject="other"),
             bought(day(4), "r", "20.00", refund_of="1", subject="other")]  # fmt: skip
    assert habit(facts, DEFAULTS) == Habit(day(1), 0, None)


def test_currencies_are_not_mixed() -> None:
    facts = [bought(day(1), "a", "1"), bought(day(2), "b", "500000", currency="VND"), bought(day(3), "c", "20")]
    assert habit(facts, DEFAULTS).monetary == ("20.00", "USD")
    assert habit(facts, ScoringSettings(currency="VND")).monetary == ("500000.00", "VND")
    assert habit(facts, ScoringSettings(currency="EUR")).monetary is None
