"""The merges there are and were, one row each: who was said to be whom, and whether that still holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, Index, MetaData, Row, Select, Table, Text, or_, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant, from_micros

metadata = MetaData()
merges = Table(
    "profile_merges",
    metadata,
    Column("merge", Text, primary_key=True),
    Column("merged", Text),
    Column("survivor", Text),
    Column("choices", Text),
    Column("at", Instant),
    Column("recorded", Instant),
    Column("undone", Instant),  # when that happened; null while the merge holds
    Index("profile_merges_merged", "merged"),
    Index("profile_merges_survivor", "survivor"),
    Index("profile_merges_recorded", "recorded", "merge"),
)


class Merges:
    """The read model of merges."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """A merge and its undoing are facts of one subject, and so come in their order."""
        rows: dict[str, tuple[Any, ...]] = {}
        undone = {e.data["merge"] for e in events if e.type == "customer.unmerged"}
        for *row, at, recorded, until in await tx.select_in(merges, "merge", sorted(undone)) if undone else ():
            rows[row[0]] = (*row, from_micros(at), from_micros(recorded), from_micros(until) if until else None)
        for event in events:
            if event.type == "customer.merged":
                rows[event.data["merge"]] = _row(event)
            elif event.type == "customer.unmerged" and event.data["merge"] in rows:
                rows[event.data["merge"]] = (*rows[event.data["merge"]][:-1], event.time)
        await tx.upsert(merges, [rows[merge] for merge in sorted(rows)])


def _row(event: Event) -> tuple[Any, ...]:
    data = event.data
    choices = orjson.dumps(data.get("choices") or {}).decode()
    return data["merge"], event.subject, data["survivor"], choices, event.time, event.recorded, None


def listed(subjects: Collection[str] | None) -> Select[Any]:
    """Merges at one of these ids, or all, to be ordered by `recorded` and `merge`."""
    query = select(merges)
    if subjects is not None:
        query = query.where(or_(merges.c.merged.in_(sorted(subjects)), merges.c.survivor.in_(sorted(subjects))))
    return query


def shape(row: Row[Any]) -> dict[str, Any]:
    """A merge as callers see it."""
    return told(row.merge, row.merged, row.survivor, orjson.loads(row.choices), row.at, row.undone)


def told(
    merge: str, merged: str, survivor: str, choices: Mapping[str, str], at: datetime, undone: datetime | None
) -> dict[str, Any]:
    """A merge as callers see it."""
    return {
        "id": merge, "survivor": survivor, "merged": merged, "choices": choices, "at": at,
        "state": "undone" if undone else "merged", "undone_at": undone,
    }  # fmt: skip
