"""SQLite: one writer at a time, by `BEGIN IMMEDIATE`; readers never wait (write-ahead log)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import MetaData, Table, event
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as aiosqlite_dialect
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from libs.events.store.bulk import Bulk, Rows

_DIALECT = aiosqlite_dialect()
LOOKS = 200
"""How often who closes a database looks whether somebody still uses it: for a second at most."""
_VARIABLES = 30_000  # SQLite allows 32,766 in one statement


class SqliteTransaction(Bulk):
    """A connection, in a transaction or only to read."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn

    async def select_in(
        self, table: Table, column: str, values: Collection[Any], *, columns: Sequence[str] = ()
    ) -> Sequence[Any]:
        wanted = ", ".join(columns or table.columns.keys())
        bound = _bound(table, column, values)
        found: list[Any] = []
        for some in _batched(bound):
            marks = ",".join("?" * len(some))
            statement = f"SELECT {wanted} FROM {table.name} WHERE {column} IN ({marks})"
            found += (await self.conn.exec_driver_sql(statement, tuple(some))).all()
        return found

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Any]:
        return (await self.conn.exec_driver_sql(statement, parameters)).all()

    def insertion(self, table: Table, columns: tuple[str, ...]) -> str:
        return _insert(table, columns)

    async def empty(self, tables: Sequence[Table]) -> None:
        for table in tables:
            await self.conn.exec_driver_sql(f"DELETE FROM {table.name}")

    async def write(self, statement: str, table: Table, rows: Rows, columns: Sequence[str]) -> None:
        names = columns or table.columns.keys()
        binds = [table.columns[n].type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for n in names]
        if any(binds):
            rows = [tuple(b(v) if b else v for b, v in zip(binds, row, strict=True)) for row in rows]
        await self.conn.exec_driver_sql(statement, list(rows))


def _batched(values: list[Any]) -> list[list[Any]]:
    return [values[i : i + _VARIABLES] for i in range(0, len(values), _VARIABLES)]


@lru_cache(256)
def _insert(table: Table, columns: tuple[str, ...]) -> str:
    names = columns or tuple(table.columns.keys())
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def _bound(table: Table, column: str, values: Collection[Any]) -> list[Any]:
    bind = table.columns[column].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return [bind(v) for v in values] if bind else list(values)


class SqliteDatabase:
    """One service's database in a file."""

    dialect = "sqlite"

    def __init__(self, url: str, pool_size: int = 4) -> None:
        self.engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=pool_size, max_overflow=8)
        event.listen(self.engine.sync_engine, "connect", _prepare)
        # within one process a fair queue beats busy-waiting; between processes busy_timeout serves
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqliteTransaction]:
        async with self._writer, self.engine.connect() as conn:
            try:
                await conn.exec_driver_sql("BEGIN IMMEDIATE")
                yield SqliteTransaction(conn)
                await conn.exec_driver_sql("COMMIT")
            except BaseException:
                await asyncio.shield(_undo(conn))
                raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTransaction]:
        async with self.engine.connect() as conn:
            yield SqliteTransaction(conn)

    async def create(self, metadata: MetaData) -> None:
        async with self.begin() as tx:
            await tx.conn.run_sync(metadata.create_all)

    async def close(self) -> None:
        # a connection that is given back later comes into a pool that nobody empties any more
        for _ in range(LOOKS):
            if not self.engine.pool.checkedout():  # type: ignore[attr-defined]
                break
            await asyncio.sleep(0.005)
        await self.engine.dispose()


async def _undo(conn: AsyncConnection) -> None:
    # where the commit went through and only its caller went away, there is nothing to undo any more; and where the
    # caller went away in the middle of a statement, SQLAlchemy has given the connection up, which undoes it, too: an
    # error told here instead of the cancellation would keep the canceller waiting for ever
    with contextlib.suppress(OperationalError, PendingRollbackError):
        await conn.exec_driver_sql("ROLLBACK")


def _prepare(connection: Any, _: Any) -> None:
    # autocommit: transactions are begun in so many words, the driver begins none of its own
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
