"""Moments in query parameters: RFC 3339 with an offset, or a plain date, which means the start of that day in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Moments outside are refused, so that whoever reckons with one cannot run over the calendar's ends."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:([Zz])|([+ -])(\d\d:\d\d))", re.ASCII)


def parse_moment(value: Any) -> datetime:
    """A moment in UTC. Raises a pydantic error, whose text holds nothing of `value`."""
    if isinstance(value, datetime):
        return value
    moment = _read(value) if isinstance(value, str) else None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("bad_moment", "must be a moment in RFC 3339 with an offset, or a date, from 1900 on")
    return moment


def _read(text: str) -> datetime | None:
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        found = _MOMENT.fullmatch(text)
        if not found:
            return None
        # a "+" that was not escaped in the query arrives as a space
        offset = "+00:00" if found[2] else ("-" if found[3] == "-" else "+") + found[4]
        stem, _, fraction = found[1].upper().partition(".")
        return datetime.fromisoformat(f"{stem}.{fraction[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_SCHEMA = WithJsonSchema({
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
})  # fmt: skip
MomentParam = Annotated[datetime, BeforeValidator(parse_moment), _SCHEMA]
AsOf = Annotated[MomentParam | None, Query(description="What had happened by then, as known now (default: now).")]
KnownAt = Annotated[MomentParam | None, Query(description="Only what had been recorded by then (default: all).")]
From = Annotated[MomentParam | None, Query(alias="from", description="From then on (a date: start of the day, UTC).")]
To = Annotated[MomentParam | None, Query(alias="to", description="Before then (a date: start of the day, UTC).")]
