"""Promises: open, kept (late or not) or broken, each with its one owner."""

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
promises = Table(
    "care_promises",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("state", Text),  # open, kept or broken
    Column("touchpoint", Text),
    Column("what", Text),  # a sealed leaf
    Column("due", Instant),
    Column("owner", Text),
    Column("staff", Text),
    Column("department", Text),
    Column("at", Instant),  # when it was made
    Column("kept_at", Instant),
    Column("late", Boolean),
    Column("made_by", Text),  # the id of the fact that made it
    Index("care_promises_subject", "subject", "at"),
    Index("care_promises_owner", "owner", "state", "at"),
    Index("care_promises_touchpoint", "touchpoint", "at"),
    Index("care_promises_due", "state", "due"),
    Index("care_promises_at", "at", "id"),
)
_TOLD = ("touchpoint", "owner", "staff", "department")


def changes(event: Event) -> tuple[str, Row] | None:
    """What a fact says of a promise."""
    data = event.data
    match event.type:
        case "promise.made":
            told = {name: data.get(name) for name in _TOLD}
            made = {"state": "open", "due": moment(data["due"]), "what": packed(data.get("what")), "made_by": event.id}
            return data["promise"], {"subject": event.subject, "at": event.time, **told, **made}
        case "promise.kept":
            return data["promise"], {"state": "kept", "kept_at": event.time, "late": data["late"]}
        case "promise.broken":
            return data["promise"], {"state": "broken"}
    return None


class Promises:
    """The read model of promises."""

    topics: tuple[str, ...] = (care.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        rows = Gathered(promises)
        for event in events:
            rows.add(changes(event))
        await rows.write(tx)


def leaf(row: Row) -> Any:
    """What was promised, as it was told: a sealed leaf, or plain where the row was folded from plain facts."""
    return unpacked(row.get("what"))


def shown(row: Row, what: str | None) -> dict[str, Any]:
    """A promise as callers see it; `what` in plain (None where the customer was erased)."""
    names = ("id", "state", *_TOLD, "due", "at", "kept_at", "late")
    return {name: row.get(name) for name in names} | {"customer": row["subject"], "what": what}


def listed(subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Promises to these subjects (None: to all), with columns equal to what is given; to be ordered by `at`."""
    return chosen(promises, subjects, **equal)


def run_out(since: datetime, until: datetime, limit: int) -> Select[Any]:
    """Open promises whose due date went by between two moments."""
    column = promises.c
    still_known = column.subject.not_in(select(forgotten.c.subject))
    over = listed(None, state="open").where(column.due >= since, column.due <= until, still_known)
    return over.order_by(column.due).limit(limit)
