"""What a cell means. Where it means nothing of the kind asked for, that is said without repeating it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Any

import orjson

from libs.events.values import rfc3339

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_TRUE = frozenset({"true", "yes", "y", "t", "1", "có", "是"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "không", "否"})


@dataclass(eq=False)
class BadValue(Exception):
    """The cell cannot mean what its column says; a code and a constant text."""

    code: str
    message: str


Reads = Callable[[str, tzinfo], Any]
"""Turns a cell into a JSON value, given the time zone of times without one. Raises `BadValue`."""


def text(cell: str, zone: tzinfo) -> str:
    """The cell as it stands."""
    return cell


def whole(cell: str, zone: tzinfo) -> int:
    """A whole number."""
    if not _WHOLE.fullmatch(cell) or not cell.isascii():
        raise BadValue("not_a_whole_number", "must be a whole number")
    return int(cell)


def number(cell: str, zone: tzinfo) -> int | float:
    """A number with a decimal point; no separators of thousands, whose meaning differs by country."""
    if not _NUMBER.fullmatch(cell) or not cell.isascii():
        raise BadValue("not_a_number", "must be a number, with a decimal point if any")
    value = float(cell)
    if not math.isfinite(value):
        raise BadValue("not_a_number", "must be a finite number")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def truth(cell: str, zone: tzinfo) -> bool:
    """Yes or no, in English, Vietnamese or Chinese."""
    word = cell.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadValue("not_a_truth", "must be true or false (yes, no, 1, 0)")


def moment(cell: str, zone: tzinfo) -> str:
    """A moment in ISO 8601, or a day; told in UTC.

    A day without a time of day is its noon: so it is the same day in UTC as well, wherever the shop stands.
    """
    try:
        at = datetime.fromisoformat(cell)
        if _DAY.fullmatch(cell):
            at = datetime.combine(at, time(12))
        return rfc3339((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise BadValue("not_a_moment", "must be a moment like 2026-03-01T09:00:00Z, or a day like 2026-03-01") from None


def texts(cell: str, zone: tzinfo) -> list[str]:
    """Several texts in one cell, separated by semicolons."""
    return [part for piece in cell.split(";") if (part := piece.strip())]


def json(cell: str, zone: tzinfo) -> Any:
    """A JSON value in a cell."""
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise BadValue("not_json", "must be JSON") from None
