"""Transactions on either engine, and the few things that the engines do in their own way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection


class Reader(Protocol):
    """A connection to read with. `conn` runs portable SQLAlchemy Core."""

    conn: AsyncConnection

    async def select_in(
        self, table: Table, column: str, values: Collection[Any], *, columns: Sequence[str] = ()
    ) -> Sequence[Any]:
        """Rows whose `column` is among `values` (any number of them), as tuples of `columns` (default: all); their
        values are as the database keeps them."""
        ...

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        """Rows of a statement in portable SQL with `?` for each parameter; as lean as the driver allows.

        On PostgreSQL a parameter's type is what its place asks for. A `?` may not stand in a literal.
        """
        ...


class Transaction(Reader, Protocol):
    """One open writing transaction."""

    async def insert(self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = ()) -> None:
        """Inserts many rows in one round trip, leaving out those whose primary key is taken.

        Rows are tuples in the order of `columns` (default: all of the table's).
        """
        ...

    async def append(self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = ()) -> None:
        """Inserts many rows in one round trip; a primary key that is taken is an `IntegrityError`."""
        ...

    async def upsert(
        self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = (), where: str = ""
    ) -> None:
        """Inserts many rows, or updates the other columns where the primary key is taken, in one round trip.

        No two rows may have one key. `where` is portable SQL that limits the update (`excluded.` is the new row).
        """
        ...

    async def empty(self, tables: Sequence[Table]) -> None:
        """Deletes all rows of some tables, at a cost that does not grow with them where the engine can do that."""
        ...


class Database(Protocol):
    """A service's own database."""

    dialect: str

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A writing transaction: committed at the end of the block, rolled back on an exception."""
        ...

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """A connection for reading; never waits for writers."""
        ...

    async def create(self, metadata: MetaData) -> None:
        """Creates the tables that are missing; safe to call at the same time from many processes."""
        ...

    async def close(self) -> None:
        """Lets go of all connections."""
        ...
