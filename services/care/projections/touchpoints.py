"""Touchpoints: every contact with a customer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, Index, MetaData, Select, Table, Text

from libs.events.catalogue import care
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant
from services.care.projections.rows import Gathered, Row, chosen

metadata = MetaData()
touchpoints = Table(
    "care_touchpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("staff", Text),
    Column("department", Text),
    Column("channel", Text),
    Column("direction", Text),
    Column("at", Instant),
    Index("care_touchpoints_subject", "subject", "at"),
    Index("care_touchpoints_at", "at", "id"),
)
_TOLD = ("staff", "department", "channel", "direction")


def changes(event: Event) -> tuple[str, Row] | None:
    """What a fact says of a touchpoint."""
    if event.type != "touchpoint.recorded":
        return None
    told = {name: event.data.get(name) for name in _TOLD}
    return event.data["touchpoint"], {"subject": event.subject, "at": event.time, **told}


class Touchpoints:
    """The read model of touchpoints."""

    topics: tuple[str, ...] = (care.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        rows = Gathered(touchpoints)
        for event in events:
            rows.add(changes(event))
        await rows.write(tx)


def shown(row: Row) -> dict[str, Any]:
    """A touchpoint as callers see it."""
    return {name: row.get(name) for name in ("id", *_TOLD, "at")} | {"customer": row["subject"]}


def listed(subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Touchpoints of these subjects (None: of all), with columns equal to what is given; to be ordered by `at`."""
    return chosen(touchpoints, subjects, **equal)
