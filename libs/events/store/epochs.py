"""Which life of a store this is.

A store restored from a backup has lost its latest facts and will give their numbers to new ones. It starts a new epoch,
so that whoever heard the lost facts can tell the new from the old: same number, higher epoch.
"""

from __future__ import annotations

from sqlalchemy import select

from libs.events.store import schema
from libs.events.store.database import Database

_NAME = "epoch"


async def current_epoch(database: Database) -> int:
    """The epoch that new facts carry; 0 in a store's first life."""
    async with database.read() as reader:
        query = select(schema.meta.c.value).where(schema.meta.c.name == _NAME)
        return int((await reader.conn.execute(query)).scalar() or 0)


async def begin_epoch(database: Database) -> int:
    """Starts the next epoch and returns it; for operators, after a restore and before anything serves."""
    following = await current_epoch(database) + 1
    async with database.begin() as tx:
        await tx.upsert(schema.meta, [(_NAME, str(following))])
    return following
