"""Stretches of time as ISO 8601 writes them, reckoned by the calendar: a month is a month, however many days it has."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

_DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?",
    re.ASCII,
)


def start(window: str, end: datetime) -> datetime:
    """When a window begins that ends at `end`: years and months back by the calendar (the last day of a shorter month
    stands for days that it lacks), then weeks, days and hours. Raises ValueError for what is no duration, for an empty
    one, and for one that leaves the calendar."""
    found = _DURATION.fullmatch(window)
    if not found:
        raise ValueError("not an ISO 8601 duration")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    exact = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not (years or months or exact):
        raise ValueError("an empty window")
    month = end.year * 12 + end.month - 1 - years * 12 - months
    if month < 12:
        raise ValueError("begins before the calendar does")
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    try:
        return end.replace(year=year, month=month + 1, day=min(end.day, last)) - exact
    except OverflowError:
        raise ValueError("begins before the calendar does") from None
