"""Transactions on either engine, and the few things that the engines do in their own way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection


class Transaction(Protocol):
    """One open transaction. `conn` runs portable SQLAlchemy Core."""

    conn: AsyncConnection

    async def insert(self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = ()) -> None:
        """Inserts many rows in one round trip, leaving out those whose primary key is taken.

        Rows are tuples in the order of `columns` (default: all of the table's).
        """
        ...

    async def upsert(
        self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = (), where: str = ""
    ) -> None:
        """Inserts many rows, or updates the other columns where the primary key is taken, in one round trip.

        No two rows may have one key. `where` is portable SQL that limits the update (`excluded.` is the new row).
        """
        ...


class Database(Protocol):
    """A service's own database."""

    dialect: str

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A writing transaction: committed at the end of the block, rolled back on an exception."""
        ...

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading; never waits for writers."""
        ...

    async def create(self, metadata: MetaData) -> None:
        """Creates the tables that are missing."""
        ...

    async def close(self) -> None:
        """Lets go of all connections."""
        ...
