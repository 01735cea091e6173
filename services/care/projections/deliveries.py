"""Deliveries: care planned, given or missed, and what of it is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, Select, Table, Text, select

from libs.events.catalogue import care
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant
from services.care.projections.forgotten import forgotten
from services.care.projections.rows import Gathered, Row, chosen, moment, packed, unpacked

metadata = MetaData()
deliveries = Table(
    "care_deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("state", Text),  # planned, delivered or missed
    Column("programme", Text),
    Column("staff", Text),
    Column("department", Text),
    Column("channel", Text),
    Column("due", Instant),
    Column("why", Text),
    Column("about", Text),
    Column("at", Instant),  # when it was given
    Column("on_time", Boolean),
    Column("cost", Text),
    Column("noted", Instant),  # when it was first told of: what lists are ordered by, since that never changes
    Column("planned_by", Text),  # the id of the fact that planned it
    Index("care_deliveries_subject", "subject", "noted"),
    Index("care_deliveries_noted", "noted", "id"),
    Index("care_deliveries_due", "state", "due", "id"),
)
_SERVED = ("programme", "staff", "department", "channel")


def changes(event: Event) -> tuple[str, Row] | None:
    """What a fact says of a delivery."""
    data = event.data
    match event.type:
        case "care.planned":
            told = {name: data.get(name) for name in (*_SERVED, "why", "about")}
            planned = {"state": "planned", "due": moment(data["due"]), "planned_by": event.id, "noted": event.time}
            return data["delivery"], {"subject": event.subject, **told, **planned}
        case "care.delivered":
            told = {name: data[name] for name in _SERVED if data.get(name) is not None}
            given = {"state": "delivered", "at": event.time, "on_time": data.get("on_time")}
            noted = {} if data.get("planned") else {"noted": event.time}
            row = {"subject": event.subject, "cost": packed(data.get("cost")), **told, **given, **noted}
            return data["delivery"], row
        case "care.missed":
            return data["delivery"], {"state": "missed"}
    return None


class Deliveries:
    """The read model of deliveries."""

    topics: tuple[str, ...] = (care.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        rows = Gathered(deliveries)
        for event in events:
            rows.add(changes(event))
        await rows.write(tx)


def shown(row: Row) -> dict[str, Any]:
    """A delivery as callers see it."""
    names = ("id", "state", *_SERVED, "on_time", "due", "why", "about", "at")
    return {name: row.get(name) for name in names} | {"customer": row["subject"], "cost": unpacked(row.get("cost"))}


def listed(subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Deliveries of these subjects (None: of all), with columns equal to what is given; to be ordered by `noted`."""
    # a row that was never first told of is one whose plan an operator discarded
    return chosen(deliveries, subjects, **equal).where(deliveries.c.noted.is_not(None))


def due(until: datetime, subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Planned care that falls due until a moment and was not given yet, but for those who asked to be forgotten."""
    column = deliveries.c
    still_known = column.subject.not_in(select(forgotten.c.subject))
    return listed(subjects, state="planned", **equal).where(column.due <= until, still_known)


def run_out(since: datetime, until: datetime, limit: int) -> Select[Any]:
    """Planned care whose due date went by between two moments."""
    column = deliveries.c
    return due(until, None).where(column.due >= since).order_by(column.due).limit(limit)
