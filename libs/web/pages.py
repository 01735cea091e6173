"""Lists in pages: `{items, next_cursor}`, by keyset, so that a page costs the same wherever it lies."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import orjson
from fastapi import Query
from sqlalchemy import ColumnElement, Row, Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.web.problems import Problem, invalid

MOST, USUAL = 200, 50
Limit = Annotated[int, Query(ge=1, le=MOST, description="Items on a page.")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before.")]
_LARGEST = 2**63 - 1
_READ: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat, date: date.fromisoformat, Decimal: Decimal, bytes: bytes.fromhex,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """One column that a list is ordered by. Together the columns of a list are unique and never null; none holds
    personal data, since the cursor travels in query strings."""

    column: ColumnElement[Any]
    descending: bool = False

    def beyond(self, value: Any) -> ColumnElement[bool]:
        """What comes after `value` in this order."""
        beyond: ColumnElement[bool] = self.column < value if self.descending else self.column > value
        return beyond


async def page(
    connection: AsyncConnection,
    query: Select[Any],
    order: Sequence[Order],
    shape: Callable[[Row[Any]], dict[str, Any]],
    *,
    cursor: str | None = None,
    limit: int = USUAL,
    name: str = "",
) -> dict[str, Any]:
    """One page of `query` as `{items, next_cursor}`.

    The columns of `order` are added to the selection behind the query's own. `name` ties a cursor to the list (and,
    if it says so, the filters) it was made for. Raises `Problem` (422) for a cursor that is not one of this list's.
    """
    if cursor is not None:
        query = query.where(_after(order, _read(cursor, order, name)))
    query = query.add_columns(*(o.column.label(f"cursor_{i}") for i, o in enumerate(order)))
    query = query.order_by(None).order_by(*(o.column.desc() if o.descending else o.column.asc() for o in order))
    rows = (await connection.execute(query.limit(limit + 1))).all()
    more = len(rows) > limit
    last = [getattr(rows[limit - 1], f"cursor_{i}") for i in range(len(order))] if more else []
    return {
        "items": [shape(row) for row in rows[:limit]],
        "next_cursor": write_cursor(last, name) if more else None,
    }  # fmt: skip


def write_cursor(values: Sequence[Any], name: str = "") -> str:
    """An opaque cursor that stands after the item with these values."""
    raw = orjson.dumps([name, *map(_plain, values)])
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read_cursor(cursor: str, types: Sequence[type], name: str = "", *, where: str = "query") -> list[Any]:
    """The values of a cursor, of the given types. Raises `Problem` (422) where it is none of this list's; `where` it
    was given, empty for a body."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = orjson.loads(raw)
        if not isinstance(found, list) or len(found) != len(types) + 1 or found[0] != name:
            raise bad_cursor(where)
        return [_typed(value, kind) for value, kind in zip(found[1:], types, strict=True)]
    except (ValueError, binascii.Error, InvalidOperation, OverflowError):
        raise bad_cursor(where) from None


def bad_cursor(where: str = "query") -> Problem:
    """The 422 for a cursor that was not made here."""
    return invalid("/cursor", "bad_cursor", "must be the next_cursor of the page before", where=where)


def _after(order: Sequence[Order], values: Sequence[Any]) -> ColumnElement[bool]:
    # (a, b) after (x, y), with directions of their own: a beyond x, or a = x and b beyond y
    branches = []
    for i, (step, value) in enumerate(zip(order, values, strict=True)):
        equal = [o.column == v for o, v in zip(order[:i], values[:i], strict=True)]
        branches.append(and_(*equal, step.beyond(value)))
    first = order[0]
    bound = first.column <= values[0] if first.descending else first.column >= values[0]
    return and_(bound, or_(*branches))  # the bound lets the database start in the index at once


def _read(cursor: str, order: Sequence[Order], name: str) -> list[Any]:
    return read_cursor(cursor, [o.column.type.python_type for o in order], name)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, kind: type) -> Any:
    if read := _READ.get(kind):
        if not isinstance(value, str):
            raise ValueError
        return read(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind or (isinstance(value, str) and "\x00" in value):
        raise ValueError
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError
    return value
