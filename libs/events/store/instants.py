"""Moments as the database keeps them: microseconds since 1970 in a BIGINT, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def _bound(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """A column of moments."""

    impl = BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return _bound(value)

    def bind_processor(self, dialect: Any) -> Callable[[datetime | None], int | None]:
        return _bound  # as it is: SQLAlchemy would put two more calls around it

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else from_micros(value)
