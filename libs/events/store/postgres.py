"""PostgreSQL: rows travel as arrays, one round trip for any number of them.

Bulk statements go straight to the driver; everything else runs on the same connection through SQLAlchemy Core.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from asyncpg.exceptions import LockNotAvailableError
from sqlalchemy import MetaData, Table, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from libs.events.store.bulk import Bulk, Rows
from libs.events.store.connections import Connections

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
MANY = 100
"""From here on COPY, which takes one more round trip, costs both sides less than arrays do."""
_SCHEMA_LOCK = 0x43617265  # any number, the same in all our processes


class PostgresTransaction(Bulk):
    """A connection, in a transaction or only to read."""

    def __init__(self, conn: AsyncConnection, driver: Any) -> None:
        self.conn, self.driver = conn, driver

    async def select_in(
        self, table: Table, column: str, values: Collection[Any], *, columns: Sequence[str] = ()
    ) -> Sequence[Any]:
        statement = _select(table, column, tuple(columns))
        rows: Sequence[Any] = await self.driver.fetch(statement, _bound(table, column, values))
        return rows

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        found: Sequence[Any] = await self.driver.fetch(_numbered(statement), *parameters)
        return found

    def insertion(self, table: Table, columns: tuple[str, ...]) -> str:
        return _insert(table, columns)

    async def append(self, table: Table, rows: Rows, *, columns: Sequence[str] = ()) -> None:
        if len(rows) < MANY:
            await super().append(table, rows, columns=columns)
            return
        names = list(columns or table.columns.keys())
        records = zip(*arrays(table, rows, columns), strict=True)
        await self.driver.copy_records_to_table(table.name, records=records, columns=names)

    async def empty(self, tables: Sequence[Table]) -> None:
        if not tables:
            return
        # Dead rows would be in the way of every row that comes again under the same key. But TRUNCATE waits for all
        # who read, and all who want to read wait for it: behind a backup, rows are deleted instead.
        try:
            await self.driver.execute("SAVEPOINT emptying; SET LOCAL lock_timeout = '200ms'")
            await self.driver.execute(f"TRUNCATE {', '.join(table.name for table in tables)}")
            await self.driver.execute("SET LOCAL lock_timeout = '5s'")
        except LockNotAvailableError:
            await self.driver.execute("ROLLBACK TO SAVEPOINT emptying")
            for table in tables:
                await self.driver.execute(f"DELETE FROM {table.name}")

    async def write(self, statement: str, table: Table, rows: Rows, columns: Sequence[str]) -> None:
        await self.driver.execute(statement, *arrays(table, rows, columns))


def arrays(table: Table, rows: Sequence[tuple[Any, ...]], columns: Sequence[str] = ()) -> list[list[Any]]:
    """Rows turned into one array a column, as `unnest` takes them."""
    names = columns or table.columns.keys()
    if not rows:
        return [[] for _ in names]
    return [_bound(table, name, values) for name, values in zip(names, zip(*rows, strict=True), strict=True)]


@lru_cache(256)
def _numbered(statement: str) -> str:
    count = itertools.count(1)
    return re.sub(r"\?", lambda _: f"${next(count)}", statement)


@lru_cache(256)
def _select(table: Table, column: str, columns: tuple[str, ...]) -> str:
    wanted = ", ".join(columns or table.columns.keys())
    return f"SELECT {wanted} FROM {table.name} WHERE {column} = ANY($1::{_type(table, column)}[])"


@lru_cache(256)
def _insert(table: Table, columns: tuple[str, ...]) -> str:
    return insert_from_arrays(table, columns, 1)


def insert_from_arrays(table: Table, columns: Sequence[str], first: int) -> str:
    """An INSERT of rows given as arrays in the parameters from `$first` on, kept in the given order."""
    names = columns or tuple(table.columns.keys())
    given = ", ".join(f"${i}::{_type(table, name)}[]" for i, name in enumerate(names, first))
    listed = ", ".join(names)
    # the order matters where numbers are drawn: the outbox's must rise with a subject's sequence
    return (
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM unnest({given}) "
        f"WITH ORDINALITY AS given({listed}, nth_of_rows) ORDER BY nth_of_rows"
    )


@lru_cache(1024)
def _type(table: Table, column: str) -> str:
    return str(table.columns[column].type.compile(_DIALECT)).split(" COLLATE")[0]


@lru_cache(1024)
def _binding(table: Table, column: str) -> Any:
    return table.columns[column].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _bound(table: Table, column: str, values: Collection[Any]) -> list[Any]:
    bind = _binding(table, column)
    return [bind(v) for v in values] if bind else list(values)


class PostgresDatabase:
    """One service's database on a PostgreSQL server."""

    dialect = "postgresql"

    def __init__(self, url: str, pool_size: int = 8) -> None:
        settings = {
            # nobody waits for a lock for ever, and no forgotten transaction holds one for long
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "30000",
            "application_name": "careledger",
            "jit": "off",
        }
        # transactions are begun in so many words, so that the driver and SQLAlchemy share them
        self.engine = create_async_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": settings, "timeout": 10},
        )  # fmt: skip
        self._connections = Connections(self._connected, pool_size)

    async def _connected(self) -> PostgresTransaction:
        conn = await self.engine.connect()
        return PostgresTransaction(conn, (await conn.get_raw_connection()).driver_connection)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        async with self.read() as tx:
            try:
                await tx.driver.execute("BEGIN")
                yield tx
                await tx.driver.execute("COMMIT")
            except BaseException:
                await asyncio.shield(self._undo(tx))
                raise

    async def _undo(self, tx: PostgresTransaction) -> None:
        # a connection that cannot even roll back, or is still answering a cancelled query, must not be used again
        try:
            await tx.driver.execute("ROLLBACK", timeout=5)
        except Exception:
            await tx.conn.invalidate()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[PostgresTransaction]:
        tx = await self._connections.take()
        try:
            yield tx
        finally:
            await self._connections.give_back(tx)

    async def create(self, metadata: MetaData) -> None:
        async with self.begin() as tx:
            await tx.conn.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
            await tx.conn.run_sync(metadata.create_all)

    async def close(self) -> None:
        await self._connections.close()
        await self.engine.dispose()
