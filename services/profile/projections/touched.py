"""Whom facts touched since it was last looked who belongs into which segment, and how far those who look have come.

Marks are made with the read models and deleted by whoever looked. The rest is no fold: it says what was done since the
tables were last empty, and a rebuild, which empties them, makes everybody be looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Boolean, Column, MetaData, Table, Text, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from services.profile.projections.segments import segments

metadata = MetaData()
touched = Table("profile_touched", metadata, Column("subject", Text, primary_key=True), Column("event", Text))
sweeps = Table(
    "profile_sweeps",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Text),  # the last id that was looked at
    Column("done", Boolean),
)
"""Looks at everybody: one for each definition of a segment, and one a day for what moves with time."""
_QUIET = frozenset({"customer.segmented", "customer.occasion_neared", "customer.erased"})
_EDGES = frozenset({"customer.merged", "customer.unmerged"})


class Touched:
    """Marks whom a fact may bring into a segment, or out of one; nobody where there are no segments."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        telling = [e for e in events if e.type.startswith("customer.") and e.type not in _QUIET]
        if not telling or (await tx.conn.execute(select(segments.c.id).limit(1))).first() is None:
            return
        marks = {event.subject: event.id for event in telling}
        marks |= {event.data["survivor"]: event.id for event in telling if event.type in _EDGES}
        await tx.upsert(touched, sorted(marks.items()))
