"""Moments in query parameters."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from libs.web.times import EARLIEST, LATEST, parse_moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01T19:00:00+07:00", NOON),
        ("2026-03-01T19:00:00 07:00", NOON),
        ("2026-03-01T07:00:00-05:00", NOON),
        ("2026-03-01T12:00:00.5Z", NOON.replace(microsecond=500_000)),
        ("2026-03-01T12:00:00.123456789Z", NOON.replace(microsecond=123_456)),
        ("2026-03-01", NOON.replace(hour=0)),
    ],
)
def test_moments_and_dates(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(text).utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    "value",
    ["", "now", "2026-03-01T12:00:00", "2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31T23:59:59-12:00",
     "20260301", "2026-03-01T12:00:00+99:00", "2026-03-01T25:00:00Z", "2026-W09-7", "1772366400", "٢٠٢٦-٠٣-٠١",
     1772366400, None],
)  # fmt: skip
def test_everything_else_is_refused(value: Any) -> None:
    with pytest.raises(PydanticCustomError):
        parse_moment(value)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,10})?(Z|[+-]\d\d:\d\d)", fullmatch=True))
def test_any_text_is_a_moment_in_range_or_refused(text: str) -> None:
    try:
        moment = parse_moment(text)
    except PydanticCustomError:
        return
    assert EARLIEST <= moment < LATEST
