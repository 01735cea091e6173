"""Building read models again from nothing but the facts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, delete

from libs.events.consuming.offsets import reset
from libs.events.consuming.tables import applied, waiting
from libs.events.store.database import Database, Transaction
from libs.events.views import View


async def rebuild(database: Database, views: Sequence[View], consumer: str = "views") -> None:
    """Empties the views and sends their consumer back to the start, in one transaction.

    Running projectors need not be stopped: the moved offset fences them, and they begin again. What stands in
    quarantine stays there, and what was discarded stays left out. Only views may be built again: a rebuild announces
    and triggers nothing, because reactions are another consumer.
    """
    async with database.begin() as tx:
        await start_over(tx, [table for view in views for table in view.tables.sorted_tables], consumer)


async def start_over(tx: Transaction, tables: Sequence[Table], consumer: str = "views") -> None:
    """Sends a consumer back to the start, and empties the tables it fills."""
    # first the offsets: whoever is in the middle of a batch holds these rows, and is waited for
    await reset(tx, consumer)
    for table in (applied, waiting):
        await tx.conn.execute(delete(table).where(table.c.consumer == consumer))
    await tx.empty(tables[::-1])
