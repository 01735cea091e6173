"""What came by which import: each fact of it, and how much there was of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, Select, Table, Text, case, delete, literal, select, update

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant

metadata = MetaData()
imported = Table(
    "profile_imported",
    metadata,
    Column("import", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Index("profile_imported_subject", "subject"),
)
KINDS = {
    "customer.recorded": "recorded", "customer.updated": "updated", "customer.purchased": "purchased",
    "customer.merged": "merged",
}  # fmt: skip
"""What an import brings, by type of fact."""
COUNTS = ("recorded", "updated", "purchased", "merged", "taken_back")
imports = Table(
    "profile_imports",
    metadata,
    Column("import", Text, primary_key=True),
    Column("first", Instant),
    Column("last", Instant),
    *(Column(name, BigInteger) for name in COUNTS),
    Index("profile_imports_first", "first", "import"),
)


class Imports:
    """The read model of imports."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        came = [event for event in events if event.data.get("imported")]
        if came:
            brought = [event for event in came if not takes_back(event)]
            await tx.insert(imported, [(e.data["imported"], e.subject, e.sequence) for e in brought])
            await self._count(tx, came)
        if erased := sorted({event.subject for event in events if event.type == "customer.erased"}):
            await tx.conn.execute(delete(imported).where(imported.c.subject.in_(erased)))

    async def _count(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Adds to the counts in the database itself: an import's facts are spread over all workers."""
        counts: dict[str, Counter[str]] = {}
        times: dict[str, list[datetime]] = {}
        for event in events:
            name = event.data["imported"]
            counts.setdefault(name, Counter())["taken_back" if takes_back(event) else KINDS[event.type]] += 1
            times.setdefault(name, []).append(event.recorded)
        names = sorted(counts)  # in one order, so that no two workers wait for one another
        await tx.insert(imports, [(n, min(times[n]), max(times[n]), *(0 for _ in COUNTS)) for n in names])
        column = imports.c
        for name in names:
            first, last = literal(min(times[name]), Instant), literal(max(times[name]), Instant)
            more = {kind: column[kind] + count for kind, count in counts[name].items()}
            began = case((column.first > first, first), else_=column.first)
            ended = case((column.last < last, last), else_=column.last)
            changed = update(imports).where(column["import"] == name)
            await tx.conn.execute(changed.values(first=began, last=ended, **more))


def takes_back(event: Event) -> bool:
    """Whether a fact takes back what an import brought."""
    of_an_order = event.data.get("annuls") or event.data.get("restores")
    return event.type in ("customer.restored", "customer.unmerged") or bool(of_an_order)


def of_import(name: str, after: str, limit: int) -> Select[Any]:
    """The next customers that an import told of, in the order of their ids."""
    column = imported.c
    query = select(column.subject).distinct().where(column["import"] == name, column.subject > after)
    return query.order_by(column.subject).limit(limit)
