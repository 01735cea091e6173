"""The classes that customers were put into, one row a change: which one is in force at any moment."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, delete

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant

metadata = MetaData()
classes = Table(
    "profile_classes",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant),
    Column("recorded", Instant),
    Column("value_class", Text),
)


class Classes:
    """The read model of class changes."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Only ever inserts, but for who is forgotten."""
        changed = [event for event in events if event.type == "customer.classified"]
        await tx.insert(classes, [(e.subject, e.sequence, e.time, e.recorded, e.data["value_class"]) for e in changed])
        if erased := sorted({event.subject for event in events if event.type == "customer.erased"}):
            await tx.conn.execute(delete(classes).where(classes.c.subject.in_(erased)))
