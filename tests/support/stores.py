"""Stores for tests, on either engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from libs.events.clock import Clock, FixedClock, SystemClock
from libs.events.store import schema
from libs.events.store.database import Database
from libs.events.store.engine import SqlStore
from libs.events.store.opening import open_database
from libs.events.store.outbox import Outbox, PostgresOutbox, open_outbox
from libs.events.vault import LocalKeyProvider, SqlVault
from libs.events.vault.vault import metadata as vault_metadata
from tests.support.shop import AT, Shop

SECRET = b"s" * 32
SHARDS = 4


@dataclass
class Opened:
    """A store and what it stands on."""

    url: str
    database: Database
    store: SqlStore
    outbox: Outbox
    clock: Clock


@asynccontextmanager
async def open_store(
    url: str, *, clock: Clock | None = None, decider: Any = None, service: str = "profile"
) -> AsyncIterator[Opened]:
    """A store at `url`, its tables made."""
    database = open_database(url)
    clock = clock or FixedClock(AT + timedelta(days=1))
    try:
        await database.create(schema.metadata)
        await database.create(vault_metadata)
        vault = SqlVault(service, LocalKeyProvider(b"m" * 32))
        outbox = open_outbox(database, SHARDS)
        if isinstance(outbox, PostgresOutbox):
            await outbox.prepare()
        store = SqlStore(service, database, decider or Shop(), vault, clock, SECRET, shards=SHARDS)
        yield Opened(url, database, store, outbox, clock)
    finally:
        await database.close()


__all__ = ["SECRET", "SHARDS", "Opened", "SystemClock", "open_store"]
