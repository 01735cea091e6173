"""The store inside one open transaction: what is asked of it sees what was done in it, and lasts only with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData

from libs.events.store.database import Transaction
from libs.events.units import Outcome, Unit


class RolledBack(Exception):
    """Ends a transaction that is not to last."""


class Pinned:
    """A database seen from one of its transactions: nothing is begun anew, and nothing committed."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.dialect = tx.conn.dialect.name

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        yield self._tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        yield self._tx

    async def create(self, metadata: MetaData) -> None:
        raise NotImplementedError("tables are made outside")

    async def close(self) -> None:
        """Nothing: the transaction is its owner's."""


class Within:
    """Executes in the transaction; `reading` is the store over it, and does the rest."""

    def __init__(self, reading: Any, tx: Transaction) -> None:
        self._reading, self._tx = reading, tx

    async def execute(self, unit: Unit) -> Outcome:
        return (await self.execute_all([unit]))[0]

    async def execute_all(self, units: Sequence[Unit]) -> list[Outcome]:
        outcomes: list[Outcome] = await self._reading.execute_in(self._tx, units)
        return outcomes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)
