"""Days in a record that cannot be: kept as they are they would be told as birthdays to come, or as a year too many."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from libs.events.decider import Invalid
from libs.events.doors import Call
from services.profile.doors.bodies import RecordBody

EARLIEST = date(1000, 1, 1)
"""Whoever states an earlier day has written a year in two digits, or a system's word for nothing."""
TO_COME = timedelta(days=3 * 366)
"""So far ahead a day may lie that is still to be, as a wedding does."""


def check(call: Call[Any], body: RecordBody) -> None:
    """Raises `Invalid` for a birthday after today, and for a day that is no day of anybody alive."""
    today = latest_today(call.now)
    if body.birthday:
        _between(body.birthday, today, "nobody is born after today", "/birthday")
    for n, each in enumerate(body.special_dates or ()):
        _between(each.on, today + TO_COME, "this lies too far ahead for a day to come", f"/special_dates/{n}/on")


def latest_today(now: datetime) -> date:
    """Today where the day begins first: nobody is to be told that their child is not born yet."""
    return (now + timedelta(hours=14)).date()


def _between(day: date, last: date, detail: str, pointer: str) -> None:
    if day > last:
        raise Invalid("in_future", detail, pointer=pointer)
    if day < EARLIEST:
        raise Invalid("too_early", "no year is that long ago here", pointer=pointer)
