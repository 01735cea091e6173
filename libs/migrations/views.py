"""The tables of read models: made where they are missing, made anew where their shape changed, and then filled again
from the facts by the service's own consumer.

A digest of each table is noted in `store_meta`, with the version of the program that made it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection, MetaData, Table, delete, inspect
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from libs.events.consuming.rebuild import start_over
from libs.events.envelope import Event
from libs.events.store.database import Database, Reader, Transaction
from libs.events.store.errors import Stale
from libs.events.store.schema import meta
from libs.events.views import View
from libs.migrations.durable import alone

_NOTED = "SELECT name, value FROM store_meta WHERE name LIKE 'views:%'"


class OtherShape(Stale):
    """The read models' tables were made for another version of the program."""


async def prepare_views(database: Database, views: Sequence[View], *, force: bool = False) -> list[str]:
    """Makes the views' tables what they should be, and says what was done.

    All views of a service are one consumer: where one has to begin again, all do. Tables of views that are no more are
    dropped. What a later version made is left alone, unless `force`.
    """
    wanted = shapes(database.dialect, views)
    async with alone(database) as tx:
        noted = await _noted(tx)
        found = digests(noted)
        changed = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        if not changed:
            return []
        if not force and any(_number(value.split()[0]) > _number(_ours()) for value in noted.values()):
            return ["views were made by a later version: left as they are"]
        tables = [table for view in views for table in view.tables.sorted_tables]
        names = {name.removeprefix("views:") for name in changed}
        there = await tx.conn.run_sync(_present)
        # first the offsets, as every batch does: whoever is in the middle of one is waited for, and fenced afterwards
        await start_over(tx, [t for t in tables if t.name not in names])
        for name in sorted(names):
            await tx.conn.execute(DropTable(Table(name, MetaData()), if_exists=True))
        for view in views:
            await tx.conn.run_sync(view.tables.create_all)
        await tx.conn.execute(delete(meta).where(meta.c.name.in_(changed)))
        await tx.insert(meta, [(name, f"{_ours()} {digest}") for name, digest in wanted.items() if name in changed])
    return _told(names, {table.name for table in tables}, there)


def shapes(dialect: str, views: Sequence[View]) -> dict[str, str]:
    """The digest of every table of the views, and of how it is folded, by the name it is noted under."""
    speaking = registry.load(dialect)()
    folds = {table.name: getattr(view, "fold", 0) for view in views for table in view.tables.sorted_tables}
    found = {}
    for table in (table for view in views for table in view.tables.sorted_tables):
        indexes = sorted(str(CreateIndex(index).compile(dialect=speaking)) for index in table.indexes)
        text = " ".join("\n".join([str(CreateTable(table).compile(dialect=speaking)), *indexes]).split())
        text += f" fold {fold}" if (fold := folds[table.name]) else ""
        found[f"views:{table.name}"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def digests(noted: Mapping[str, str]) -> dict[str, str]:
    """The digests in what was noted."""
    return {name: value.split()[-1] for name, value in noted.items()}


class Guard:
    """Stands before a service's views, and holds their consumer up while the tables are of another shape than this
    program's: a worker of the version before, not yet stopped, must not fold into tables it does not know."""

    def __init__(self, dialect: str, views: Sequence[View]) -> None:
        self.topics = tuple(sorted({topic for view in views for topic in view.topics}))
        self.tables = MetaData()
        self._wanted = shapes(dialect, views)

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Takes nothing. Raises `OtherShape`, which is waited out in place."""
        # asked in every batch's own transaction: its lock on the offsets keeps the tables as they are until it commits
        if digests(await _noted(tx)) != self._wanted:
            raise OtherShape("the read models' tables are of another version")


async def _noted(reader: Reader) -> dict[str, str]:
    return dict(list(map(tuple, await reader.rows(_NOTED))))


def _present(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _told(changed: set[str], wanted: set[str], there: set[str]) -> list[str]:
    if not there & (wanted | changed):
        return [f"views: made {', '.join(sorted(changed))}"]
    made = changed & wanted
    parts = {"dropped": changed - wanted, "made": made - there, "made anew": made & there}
    told = "; ".join(f"{what} {', '.join(sorted(names))}" for what, names in parts.items() if names)
    return [f"views: {told}; all facts are folded again"]


def _ours() -> str:
    try:
        return version("careledger")
    except PackageNotFoundError:  # run from its sources
        return "0"


def _number(told: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", told)[:3]))
