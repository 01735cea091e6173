"""The outbox: what was committed and not yet acknowledged by the log.

`claim` gives batches of rows to whoever holds their shards; leaving the block without an error deletes them. Rows of
a subject are given in the order of its sequence, because their numbers were drawn under its lock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from sqlalchemy import text

from libs.events.store import schema
from libs.events.store.database import Database
from libs.events.store.postgres import PostgresDatabase, PostgresTransaction

Row = tuple[int, str, bytes, bytes]
"""Number, subject, attributes (NUL-separated) and value."""


class Outbox(Protocol):
    """What the relay takes from."""

    def claim(self, limit: int) -> AbstractAsyncContextManager[AsyncIterable[Sequence[Row]]]:
        """The next rows of the shards that nobody else holds, in batches of at most `limit`; those that were given are
        deleted once the block ends well."""
        ...


class SqliteOutbox:
    """One file, one relay: whoever runs the process holds all shards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def claim(self, limit: int) -> AsyncIterator[AsyncIterable[Sequence[Row]]]:
        given: list[Any] = []
        yield self._read(limit, given)
        if given:
            # everything up to the last row was read: numbers of one writer at a time leave no holes
            async with self._database.begin() as tx:
                await tx.conn.execute(text("DELETE FROM outbox WHERE id <= :last"), {"last": given[-1][0]})

    async def _read(self, limit: int, given: list[Any]) -> AsyncIterator[Sequence[Row]]:
        query = text("SELECT id, subject, head, value FROM outbox ORDER BY id LIMIT :limit")
        async with self._database.read() as reader:
            given += (await reader.conn.execute(query, {"limit": limit})).all()
        if given:
            yield given


_LOCK = "SELECT shard FROM relay_shards ORDER BY shard LIMIT $1::int FOR UPDATE SKIP LOCKED"
_READ_SOME = (
    "SELECT id, subject, head, value FROM outbox WHERE id > $1::bigint AND shard = ANY($2::smallint[]) "
    "ORDER BY id LIMIT $3::int"
)
_READ_ALL = "SELECT id, subject, head, value FROM outbox WHERE id > $1::bigint ORDER BY id LIMIT $2::int"
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
_LAST = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_id_seq")
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE relation = 'outbox'::regclass AND mode = 'RowExclusiveLock' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()"
)
MARK_EVERY = 0.5
BATCHES = 8
"""So many share one claim where there is much to carry."""


class Batches:
    """What one claim takes: while one batch is on its way to the log, it is deleted and the next one read.

    Each is read from the head, after the ones before were deleted, and not from where the last one ended: a lower
    number may have been committed meanwhile, and must go before what its subject told after that.
    """

    def __init__(
        self, tx: PostgresTransaction, query: str, parameters: Sequence[Any], limit: int, most: int
    ) -> None:  # fmt: skip
        self._tx, self._query, self._parameters, self._limit, self._most = tx, query, parameters, limit, most
        self._given: Sequence[Row] = ()
        self._next: asyncio.Task[Sequence[Row]] | None = None
        self.drained = False
        """Whether nothing was left after the batch that was given last."""

    async def __aiter__(self) -> AsyncIterator[Sequence[Row]]:
        for nth in range(1, self._most + 1):
            rows = await (self._next or self._read())
            self._given, self._next, self.drained = rows, None, len(rows) < self._limit
            if nth < self._most and not self.drained:
                self._next = asyncio.create_task(self._read())
            if rows:
                yield rows
            if self._next is None:
                return

    async def close(self) -> None:
        """Waits until the connection is free."""
        if self._next is not None:
            await asyncio.gather(self._next, return_exceptions=True)

    async def delete(self) -> None:
        """Deletes what was given and is not yet deleted."""
        if self._given:
            given, self._given = self._given, ()
            await self._tx.driver.execute(_DELETE, [row[0] for row in given])

    async def _read(self) -> Sequence[Row]:
        await self.delete()
        rows: Sequence[Row] = await self._tx.driver.fetch(self._query, *self._parameters, self._limit)
        return rows


class PostgresOutbox:
    """Many relays: each locks the rows of the shards it serves for as long as one batch takes.

    A delete leaves a dead row at the head of the index, and while any old transaction is open nothing can remove it:
    reading from the head would cost more and more. So reading starts at a *mark* below which all rows are known to be
    dead. A number is safe to pass once every transaction that may have drawn a lower one is over: an insert takes the
    table's lock before it draws a number, so those transactions are among the lock's holders. An old transaction
    that never touched the outbox is not, and holds nothing up.
    """

    def __init__(self, database: PostgresDatabase, shards: int, most: int | None = None) -> None:
        self._database, self._shards, self._most = database, shards, most or shards
        self.mark = 0
        self._pending: tuple[int, set[str]] | None = None
        self._next_look = 0.0

    async def prepare(self) -> None:
        """Makes the lock rows, one a shard."""
        async with self._database.begin() as tx:
            await tx.insert(schema.relay_shards, [(n,) for n in range(self._shards)])

    @asynccontextmanager
    async def claim(self, limit: int) -> AsyncIterator[AsyncIterable[Sequence[Row]]]:
        # the candidate is drawn before the rows are read, so that all rows up to it are in what is read or were sent
        candidate = await self._candidate()
        async with self._database.begin() as tx:
            held = [shard for (shard,) in await tx.driver.fetch(_LOCK, self._most)]
            everything = len(held) == self._shards
            query, parameters = (_READ_ALL, (self.mark,)) if everything else (_READ_SOME, (self.mark, held))
            batches = Batches(tx, query, parameters, limit, BATCHES if held else 0)
            try:
                yield batches
            finally:
                await batches.close()
            await batches.delete()
        if candidate is not None and everything and batches.drained:
            self.mark = max(self.mark, candidate)
        elif candidate is not None:
            self._pending = candidate, set()  # it stays good, for a claim that leaves nothing behind

    async def _candidate(self) -> int | None:
        """A number below which no insert is under way any more; None while that is not known."""
        if self._pending is None:
            if time.monotonic() < self._next_look:
                return None
            self._next_look = time.monotonic() + MARK_EVERY
            async with self._database.read() as reader:
                last = int((await reader.conn.execute(_LAST)).scalar_one())
                self._pending = last, set((await reader.conn.execute(_WRITERS)).scalars())
        last, writers = self._pending
        if writers:
            if time.monotonic() < self._next_look:
                return None
            self._next_look = time.monotonic() + MARK_EVERY / 10
            async with self._database.read() as reader:
                writers &= set((await reader.conn.execute(_WRITERS)).scalars())
            if writers:
                self._pending = last, writers
                return None
        self._pending = None
        return last


def open_outbox(database: Database, shards: int, most: int | None = None) -> Outbox:
    """The outbox of a database."""
    if isinstance(database, PostgresDatabase):
        return PostgresOutbox(database, shards, most)
    return SqliteOutbox(database)
