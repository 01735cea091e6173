"""Writing many rows in one statement: what is alike on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Table

Rows = Sequence[tuple[Any, ...]]


class Bulk(Protocol):
    """The writing half of a transaction, over what an engine's own INSERT of many rows looks like."""

    def insertion(self, table: Table, columns: tuple[str, ...]) -> str:
        """The engine's INSERT of many rows."""
        ...

    async def write(self, statement: str, table: Table, rows: Rows, columns: Sequence[str]) -> None:
        """Runs a statement that begins with `insertion` on rows."""
        ...

    async def insert(self, table: Table, rows: Rows, *, columns: Sequence[str] = ()) -> None:
        if rows:
            await self.write(self.insertion(table, tuple(columns)) + " ON CONFLICT DO NOTHING", table, rows, columns)

    async def append(self, table: Table, rows: Rows, *, columns: Sequence[str] = ()) -> None:
        if rows:
            await self.write(self.insertion(table, tuple(columns)), table, rows, columns)

    async def upsert(self, table: Table, rows: Rows, *, columns: Sequence[str] = (), where: str = "") -> None:
        if rows:
            statement = self.insertion(table, tuple(columns)) + _update(table, tuple(columns), where)
            await self.write(statement, table, rows, columns)


@lru_cache(256)
def _update(table: Table, columns: tuple[str, ...], where: str) -> str:
    key = [c.name for c in table.primary_key]
    sets = ", ".join(f"{n} = excluded.{n}" for n in (columns or table.columns.keys()) if n not in key)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}" + (f" WHERE {where}" if where else "")
