"""The segments as they are defined, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Boolean, Column, Index, MetaData, Row, Select, Table, Text, delete, func, select

from libs.events.catalogue import customers as facts
from libs.events.catalogue.segments import SUBJECT
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant
from services.profile.projections.customers import customers

metadata = MetaData()
segments = Table(
    "profile_segments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text),  # the fact that defined it as it is now
    Column("created", Instant),
    Column("version", Text),
    Column("defined", Text),
    Column("removed", Boolean),
    Index("profile_segments_created", "created", "id"),
)
members = Table(
    "profile_members",
    metadata,
    Column("segment", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", Instant),
    Column("reason", Text),
    Index("profile_members_subject", "subject"),
)


class Segments:
    """The read model of segments."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Of the passages of one customer through one segment the last one counts; who is in it already stays so."""
        passed: dict[tuple[str, str], Event] = {}
        left = set[tuple[str, str]]()
        erased = set[str]()
        for event in events:
            match event.type:
                case "segment.defined":
                    await _defined(tx, event)
                case "segment.removed":
                    here = segments.c.id == event.subject.removeprefix(SUBJECT)
                    now = {"removed": True, "event": event.id, "version": str(event.sequence)}
                    await tx.conn.execute(segments.update().where(here).values(now))
                case "customer.segmented":
                    passed[event.data["segment"], event.subject] = event
                    if event.data["change"] == "left":
                        left.add((event.data["segment"], event.subject))
                case "customer.erased":
                    erased.add(event.subject)
        entered = {key: e for key, e in passed.items() if e.data["change"] == "entered" and e.subject not in erased}
        for segment in sorted({segment for segment, _ in left}):
            gone = members.c.subject.in_(sorted(subject for of, subject in left if of == segment))
            await tx.conn.execute(delete(members).where(members.c.segment == segment, gone))
        await tx.insert(members, [(*key, entered[key].time, entered[key].data["reason"]) for key in sorted(entered)])
        if erased:
            await tx.conn.execute(delete(members).where(members.c.subject.in_(sorted(erased))))


async def _defined(tx: Transaction, event: Event) -> None:
    segment, told = event.subject.removeprefix(SUBJECT), orjson.dumps(event.data).decode()
    await tx.insert(segments, [(segment, event.id, event.recorded, "", told, False)])
    now = {"event": event.id, "version": str(event.sequence), "defined": told}
    await tx.conn.execute(segments.update().where(segments.c.id == segment).values(now))


def listed() -> Select[Any]:
    """All segments that there are, to be ordered by `created` and `id`."""
    return select(segments.c.id, segments.c.version, segments.c.defined).where(~segments.c.removed)


def shape(row: Row[Any]) -> dict[str, Any]:
    """A segment as callers see it."""
    return told(row.id, int(row.version), orjson.loads(row.defined))


def told(segment: str, version: int, defined: dict[str, Any]) -> dict[str, Any]:
    """A segment as callers see it."""
    return {
        "id": segment, "name": defined["name"], "description": defined.get("description"), "rule": defined["rule"],
        "vip": defined.get("vip", False), "version": version,
    }  # fmt: skip


def within(segment: str) -> Select[Any]:
    """The persons in a segment, to be ordered by `subject`."""
    columns = (members.c.subject, members.c.since, members.c.reason)
    joined = members.join(customers, customers.c.subject == members.c.subject)
    return select(*columns).select_from(joined).where(members.c.segment == segment, customers.c.listed)


async def how_many(reader: Reader, segment: str) -> int:
    """How many persons are in a segment."""
    found: int = (await reader.conn.execute(select(func.count()).select_from(within(segment).subquery()))).scalar_one()
    return found
