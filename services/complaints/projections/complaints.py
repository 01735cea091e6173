"""The complaints, one row each: how they stand, who answers for them, and how serious they are.

A row keeps the steps with their times, since a step that comes late is put where it belongs and all are played again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, Index, Integer, MetaData, Select, Table, Text, delete, select

from libs.events import catalogue
from libs.events.catalogue import complaints as facts
from libs.events.catalogue import customers
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant, from_micros
from services.complaints.domain.machine import Told, replay
from services.complaints.domain.state import STEPS

metadata = MetaData()
complaints = Table(
    "complaints_complaints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("state", Text),
    Column("severity", Text),
    Column("owner", Text),
    Column("spotted_at", Instant),
    Column("version", Integer),
    Column("details", Text),  # what was said when it was spotted, and is not personal
    Column("steps", Text),  # [[step, moment, owner or null], …] as they were told
    Index("complaints_complaints_subject", "subject"),
    Index("complaints_complaints_spotted", "spotted_at", "id"),
    Index("complaints_complaints_state", "state", "spotted_at", "id"),
)
NAMES = {catalogue.type_of(model).name: step for model, step in STEPS.items()}
DETAILS = ("dimension", "cause", "wants", "role", "programme", "staff", "department", "channel")
SHOWN = ("id", "subject", "state", "severity", "owner", "spotted_at", "details", "steps")
Row = dict[str, Any]


class Complaints:
    """The read model of complaints."""

    topics: tuple[str, ...] = (facts.TOPIC, customers.TOPIC)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        wanted = sorted({e.data["complaint"] for e in events if "complaint" in e.data})
        rows = await read(tx, wanted)
        forgotten: set[str] = set()
        for event in events:
            if event.type == "customer.erased":
                forgotten.add(event.subject)
            elif event.type == "complaint.spotted":
                rows[event.data["complaint"]] = spotted(event)
            elif event.type in NAMES and event.data["complaint"] in rows:
                stepped(rows[event.data["complaint"]], event)
        await tx.upsert(complaints, [written(row) for _, row in sorted(rows.items())])
        if forgotten:
            await tx.conn.execute(delete(complaints).where(complaints.c.subject.in_(sorted(forgotten))))


async def read(tx: Transaction, wanted: Collection[str]) -> dict[str, Row]:
    """The rows of these complaints, as far as there are any."""
    names = complaints.columns.keys()
    rows = {}
    for values in await tx.select_in(complaints, "id", wanted):
        row = dict(zip(names, values, strict=True))
        rows[row["id"]] = row | {
            "spotted_at": from_micros(row["spotted_at"]),
            "details": orjson.loads(row["details"]),
            "steps": orjson.loads(row["steps"]),
        }
    return rows


def spotted(event: Event) -> Row:
    """A new row."""
    data = event.data
    return {
        "id": data["complaint"], "subject": event.subject, "severity": data["severity"], "spotted_at": event.time,
        "version": event.sequence, "details": {name: data[name] for name in DETAILS if name in data}, "steps": [],
    }  # fmt: skip


def stepped(row: Row, event: Event) -> None:
    """Takes one more step."""
    row["steps"].append([NAMES[event.type], event.time.isoformat(), event.data.get("owner")])
    row["version"] = event.sequence


def written(row: Row) -> tuple[Any, ...]:
    """A row in the order of the table's columns, with the state that its steps come to."""
    steps = [(Told(step, datetime.fromisoformat(at)), owner) for step, at, owner in row["steps"]]
    played = replay(row["spotted_at"], [told for told, _ in steps])
    # the machine knows steps, not owners: find each by itself
    owners = {id(told): owner for told, owner in steps}
    assigned = [owners[id(told)] for told in played.taken if told.step == "assignment"]
    owner = assigned[-1] if assigned else None
    return (
        row["id"], row["subject"], played.state, row["severity"], owner, row["spotted_at"], row["version"],
        orjson.dumps(row["details"]).decode(), orjson.dumps(row["steps"]).decode(),
    )  # fmt: skip


def shown(row: Row) -> Row:
    """A listed complaint as callers see it."""
    steps = [Told(step, datetime.fromisoformat(at)) for step, at, _ in orjson.loads(row["steps"])]
    told = {name: row[name] for name in ("id", "state", "severity", "owner", "spotted_at")}
    told["customer"] = None if row["subject"].startswith("anonymous:") else row["subject"]
    told["possible"] = replay(row["spotted_at"], steps).possible
    details = orjson.loads(row["details"])
    return told | {name: details.get(name) for name in DETAILS} | {"wants": details.get("wants", [])}


def listed(subjects: Collection[str] | None, **equal: str | None) -> Select[Any]:
    """Complaints of these subjects (None: of all), with columns equal to what is given; to be ordered by `spotted_at`
    and `id`."""
    query = select(*(complaints.c[name] for name in SHOWN))
    if subjects is not None:
        query = query.where(complaints.c.subject.in_(subjects))
    for name, value in equal.items():
        if value is not None:
            query = query.where(complaints.c[name] == value)
    return query
