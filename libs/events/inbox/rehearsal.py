"""A dry run: everything is decided as it would be, under the same locks, and then rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from libs.events.store import Store
from libs.events.store.database import Transaction
from libs.events.units import Outcome, Unit


class RolledBack(Exception):
    """Ends a rehearsal's transaction."""


def rehearsing(store: Store, tx: Transaction) -> Store:
    """The store, but executing in one transaction, which its caller rolls back; reading is as ever."""
    return cast(Store, _Rehearsal(store, tx))


class _Rehearsal:
    def __init__(self, store: Store, tx: Transaction) -> None:
        self._store, self._tx = store, tx

    async def execute_all(self, units: Sequence[Unit]) -> list[Outcome]:
        return await self._store.execute_in(self._tx, units)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
