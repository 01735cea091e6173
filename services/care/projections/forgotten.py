"""Who was erased: nobody is to care for them any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, MetaData, Table, Text

from libs.events.catalogue import customers
from libs.events.envelope import Event
from libs.events.store.database import Transaction

metadata = MetaData()
forgotten = Table("care_erased", metadata, Column("subject", Text, primary_key=True))


class Forgotten:
    """The read model of the erased."""

    topics: tuple[str, ...] = (customers.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        await tx.insert(forgotten, [(s,) for s in sorted({e.subject for e in events if e.type == "customer.erased"})])
