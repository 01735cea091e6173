"""Rows of read models: changed by facts one after another, written together; one thing read straight from its facts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, Table, select

from libs.events.envelope import Event
from libs.events.store import Store
from libs.events.store.database import Transaction

Row = dict[str, Any]
Changes = Callable[[Event], tuple[str, Row] | None]
"""Which row a fact changes, and which columns become what; None where it changes none."""


class Gathered:
    """Changes to the rows of one table (its key is `id`), gathered from a batch in order."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: dict[str, Row] = {}

    def add(self, change: tuple[str, Row] | None) -> None:
        """Lays a change over those that came before."""
        if change:
            identity, columns = change
            self._rows.setdefault(identity, {}).update(columns)

    async def write(self, tx: Transaction) -> None:
        """Writes all rows: one statement for each set of changed columns."""
        alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for identity, row in self._rows.items():
            columns = tuple(sorted(row))
            alike.setdefault(columns, []).append((identity, *(row[name] for name in columns)))
        for columns, rows in alike.items():
            await tx.upsert(self._table, rows, columns=("id", *columns))


def chosen(table: Table, subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Rows of these subjects (None: of all) whose columns equal what is given.

    A row without a subject is one whose first fact an operator discarded: nothing is known of it but how it ended.
    """
    query = select(table).where(table.c.subject.is_not(None))
    if subjects is not None:
        query = query.where(table.c.subject.in_(subjects))
    for name, value in equal.items():
        if value is not None:
            query = query.where(table.c[name] == value)
    return query


class Erased(Exception):
    """The thing was about somebody who was erased since."""


async def read_one(store: Store, name: str, changes: Changes) -> Row | None:
    """The row of one thing, folded from its subject's facts since the one that `name` points to: as it stands now,
    however far the views have come. None where there is no such thing. Raises `Erased`."""
    position = (await store.find([name])).get(name)
    if position is None:
        return None
    if (await store.load([position.subject]))[position.subject].erased_before is not None:
        raise Erased
    identity = name.split(":", 1)[1]
    row: Row = {"id": identity}
    for event in await store.history(position.subject, after=position.sequence - 1):
        change = changes(event)
        if change and change[0] == identity:
            row.update(change[1])
    return row


def moment(text: str | None) -> datetime | None:
    """A moment in a fact's data."""
    return datetime.fromisoformat(text) if text else None


def packed(value: Any) -> str | None:
    """A JSON value as a column keeps it."""
    return None if value is None else orjson.dumps(value).decode()


def unpacked(text: str | None) -> Any:
    """The value again."""
    return None if text is None else orjson.loads(text)
