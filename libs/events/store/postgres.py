"""PostgreSQL: rows travel as arrays, one round trip for any number of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import MetaData, Table, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]
_SCHEMA_LOCK = 0x43617265  # any number, the same in all our processes


class PostgresTransaction:
    """A connection, in a transaction or only to read."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn

    async def select_in(
        self, table: Table, column: str, values: Collection[Any], *, columns: Sequence[str] = (), lock: bool = False
    ) -> Sequence[Any]:
        statement = _select(table, column, tuple(columns), lock)
        result = await self.conn.exec_driver_sql(statement, (_bound(table, column, values),))
        return result.all()

    async def insert(self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = ()) -> None:
        if rows:
            await self._write(_insert(table, tuple(columns)) + " ON CONFLICT DO NOTHING", table, rows, columns)

    async def append(self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = ()) -> None:
        if rows:
            await self._write(_insert(table, tuple(columns)), table, rows, columns)

    async def upsert(
        self, table: Table, rows: Sequence[tuple[Any, ...]], *, columns: Sequence[str] = (), where: str = ""
    ) -> None:
        if rows:
            await self._write(_insert(table, tuple(columns)) + _update(table, tuple(columns), where), table, rows, columns)

    async def _write(self, statement: str, table: Table, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]) -> None:
        names = columns or table.columns.keys()
        arrays = tuple(_bound(table, name, values) for name, values in zip(names, zip(*rows, strict=True), strict=True))
        await self.conn.exec_driver_sql(statement, arrays)


@lru_cache(256)
def _select(table: Table, column: str, columns: tuple[str, ...], lock: bool) -> str:
    wanted = ", ".join(columns or table.columns.keys())
    statement = f"SELECT {wanted} FROM {table.name} WHERE {column} = ANY($1::{_type(table, column)}[])"
    # in the order of the key, so that two who lock the same rows never wait for each other in a ring
    return f"{statement} ORDER BY {column} FOR UPDATE" if lock else statement


@lru_cache(256)
def _insert(table: Table, columns: tuple[str, ...]) -> str:
    names = columns or tuple(table.columns.keys())
    arrays = ", ".join(f"${i}::{_type(table, name)}[]" for i, name in enumerate(names, 1))
    listed = ", ".join(names)
    # WITH ORDINALITY keeps the given order, on which the outbox's numbers rely
    return (
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM unnest({arrays}) "
        f"WITH ORDINALITY AS given({listed}, nth) ORDER BY nth"
    )


@lru_cache(256)
def _update(table: Table, columns: tuple[str, ...], where: str) -> str:
    key = [c.name for c in table.primary_key]
    sets = ", ".join(f"{n} = excluded.{n}" for n in (columns or table.columns.keys()) if n not in key)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}" + (f" WHERE {where}" if where else "")


def _type(table: Table, column: str) -> str:
    return str(table.columns[column].type.compile(_DIALECT)).split(" COLLATE")[0]


def _bound(table: Table, column: str, values: Collection[Any]) -> list[Any]:
    bind = table.columns[column].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
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
        self.engine = create_async_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_timeout=10,
            connect_args={"server_settings": settings, "timeout": 10},
        )  # fmt: skip

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PostgresTransaction]:
        async with self.engine.begin() as conn:
            yield PostgresTransaction(conn)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[PostgresTransaction]:
        async with self.engine.connect() as conn:
            autocommit = await conn.execution_options(isolation_level="AUTOCOMMIT")
            yield PostgresTransaction(autocommit)

    async def create(self, metadata: MetaData) -> None:
        async with self.engine.begin() as conn:
            await conn.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
            await conn.run_sync(metadata.create_all)

    async def close(self) -> None:
        await self.engine.dispose()


_TRANSIENT = ("08", "53", "57P", "40001", "40P01", "55P03", "25006")


def is_transient(error: Exception) -> bool:
    """Whether trying again may help: connection lost, server starting or stopping, deadlock, lock timeout."""
    if isinstance(error, (OSError, TimeoutError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or isinstance(error, InterfaceError) or state.startswith(_TRANSIENT)
