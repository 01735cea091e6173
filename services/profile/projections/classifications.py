"""The classification runs, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, Index, MetaData, Row, Select, Table, Text, select

from libs.events.catalogue import customers as facts
from libs.events.catalogue.classifications import SUBJECT, ClassificationCompleted, ClassificationStarted
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant
from services.profile.domain.classes import run_of

metadata = MetaData()
runs = Table(
    "profile_classifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("as_of", Instant),
    Column("recorded", Instant),
    Column("asked", Text),
    Column("found", Text),  # null while it is running
    Index("profile_classifications_recorded", "recorded", "id"),
    Index("profile_classifications_as_of", "as_of"),
)


class Classifications:
    """The read model of runs."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Both facts of a run are of one subject, and so come in their order."""
        for event in events:
            run, data = event.subject.removeprefix(SUBJECT), orjson.dumps(event.data).decode()
            if event.type == "classification.started":
                await tx.insert(runs, [(run, event.time, event.recorded, data, None)])
            elif event.type == "classification.completed":
                await tx.conn.execute(runs.update().where(runs.c.id == run).values(found=data))


def listed() -> Select[Any]:
    """All runs, to be ordered by `recorded` and `id`."""
    return select(runs.c.id, runs.c.asked, runs.c.found)


def shape(row: Row[Any]) -> dict[str, Any]:
    """A run as callers see it."""
    asked = ClassificationStarted.model_validate_json(row.asked)
    found = ClassificationCompleted.model_validate_json(row.found) if row.found else None
    return {"id": row.id, **run_of(asked, found)}


async def unfinished(reader: Reader, before: datetime) -> Sequence[str]:
    """Runs that were started before a moment and are not done."""
    query = select(runs.c.id).where(runs.c.found.is_(None), runs.c.recorded < before).order_by(runs.c.recorded)
    return (await reader.conn.execute(query)).scalars().all()


async def after(reader: Reader, as_of: datetime) -> Sequence[Any]:
    """The runs that looked from later moments, in the order of these."""
    query = select(runs.c.id, runs.c.as_of, runs.c.recorded).where(runs.c.as_of > as_of)
    return (await reader.conn.execute(query.order_by(runs.c.as_of, runs.c.recorded))).all()
