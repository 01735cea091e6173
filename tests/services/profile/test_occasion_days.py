"""When an occasion comes round: rules about days alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.occasions import LeapDay, Occasion, kept_on, month_day, next_day, occasions

LEAP = Occasion("birthday", date(1988, 2, 29))


@pytest.mark.parametrize(
    ("today", "leap_day", "on"),
    [
        (date(2026, 2, 21), "feb_28", date(2026, 2, 28)),
        (date(2026, 2, 28), "feb_28", date(2026, 2, 28)),
        (date(2026, 2, 28), "mar_1", date(2026, 3, 1)),
        (date(2028, 2, 28), "feb_28", date(2028, 2, 29)),
        (date(2028, 2, 28), "mar_1", date(2028, 2, 29)),
        (date(2026, 3, 1), "feb_28", date(2027, 2, 28)),
        (date(2099, 3, 2), "mar_1", date(2100, 3, 1)),
    ],
)
def test_the_leap_day_is_kept_every_year(today: date, leap_day: LeapDay, on: date) -> None:
    assert next_day(LEAP, today, leap_day) == on


def test_a_day_that_is_still_to_be_is_first_kept_then() -> None:
    wedding = Occasion("special_date", date(2028, 6, 1), "wedding")
    assert next_day(wedding, date(2026, 5, 30), "feb_28") == date(2028, 6, 1)
    assert next_day(wedding, date(2028, 6, 2), "feb_28") == date(2029, 6, 1)


def test_a_record_tells_of_a_birthday_and_of_special_dates() -> None:
    record = {"birthday": "1990-05-17", "special_dates": [{"occasion": "wedding", "on": "2015-06-01"}]}
    birthday, wedding = occasions(record)
    assert (birthday.kind, birthday.first, birthday.name) == ("birthday", date(1990, 5, 17), None)
    assert (wedding.kind, wedding.first, wedding.name) == ("special_date", date(2015, 6, 1), "wedding")
    assert list(occasions({"birthday": None, "special_dates": None})) == []


@given(
    st.dates(date(1900, 1, 1), date(2030, 12, 31)), st.dates(date(2026, 1, 1), date(2110, 12, 31)),
    st.sampled_from(["feb_28", "mar_1"]),
)  # fmt: skip
def test_it_is_looked_for_on_the_day_it_is_kept_and_on_no_other(first: date, today: date, leap_day: LeapDay) -> None:
    on = next_day(Occasion("birthday", first), today, leap_day)
    assert today <= on
    assert month_day(first) in kept_on(on, leap_day)
    earlier = (today + timedelta(days=n) for n in range((on - today).days))
    assert not any(month_day(first) in kept_on(day, leap_day) and day >= first for day in earlier)
