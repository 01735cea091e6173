"""What a cell means, and that nothing else is taken to mean it."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.cli.importing.values import BadValue, json, moment, number, texts, truth, whole

FROM, TO = datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-01-01")
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers(value: int) -> None:
    assert whole(str(value), UTC) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(value: float) -> None:
    assert number(repr(value), UTC) == value


@given(st.datetimes(min_value=FROM, max_value=TO), st.integers(-14, 14))
def test_moments_are_told_in_utc(value: datetime, offset: int) -> None:
    at = value.replace(tzinfo=timezone(timedelta(hours=offset)))
    told = moment(at.isoformat(), SAIGON)
    assert told.endswith("Z")
    assert datetime.fromisoformat(told) == at


@given(st.dates(min_value=FROM.date()), st.sampled_from(["UTC", "Asia/Ho_Chi_Minh", "America/Lima"]))
def test_a_day_is_the_same_day_in_utc(day: object, zone: str) -> None:
    assert moment(str(day), ZoneInfo(zone)).startswith(str(day))


def test_times_without_a_zone_are_of_the_zone_given() -> None:
    assert moment("2026-03-01 09:00", SAIGON) == "2026-03-01T02:00:00Z"
    assert moment("2026-03-01T09:00:00.5", UTC) == "2026-03-01T09:00:00.500000Z"
    assert moment("19970101", UTC) == "1997-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("cell", "means"), [("Yes", True), ("1", True), ("có", True), ("是", True), ("FALSE", False), ("không", False)]
)
def test_truth(cell: str, means: bool) -> None:
    assert truth(cell, UTC) is means


def test_lists_and_json() -> None:
    assert texts(" a@b.c ;; d@e.f", UTC) == ["a@b.c", "d@e.f"]
    assert json('{"size": 3}', UTC) == {"size": 3}


@pytest.mark.parametrize(
    ("reads", "cells"),
    [
        (whole, ["", "1.0", "1e3", "٣", "--1", "9" * 19, "nine"]),
        (number, ["", "1,5", "1.234,5", "nan", "inf", "1e999", "٣", "0x10", "1_000"]),
        (truth, ["", "maybe", "2"]),
        (moment, ["", "soon", "2026-13-01", "01/02/2026", "0001-01-01T00:00:00+14:00", "2026-02-30"]),
        (json, ["", "{", "NaN"]),
    ],
)
def test_what_means_nothing_is_told_without_repeating_it(reads: object, cells: list[str]) -> None:
    assert callable(reads)
    for cell in cells:
        with pytest.raises(BadValue) as bad:
            reads(cell, UTC)
        assert not cell or cell not in bad.value.message
