"""What complaints knows of people, learned from profile: which ids are one person, and the class they are in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, Table, Text, delete, or_, select

from libs.events.catalogue import customers
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant

metadata = MetaData()
merges = Table(
    "complaints_merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("merged", Text),
    Column("survivor", Text),
    Column("holds", Boolean),
    Index("complaints_merges_merged", "merged"),
    Index("complaints_merges_survivor", "survivor"),
)
classes = Table(
    "complaints_customer_classes",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("value_class", Text),
    Column("at", Instant),
)


class People:
    """The read model of people."""

    topics: tuple[str, ...] = (customers.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        edges: dict[str, tuple[Any, ...]] = {}
        classified: dict[str, Event] = {}
        forgotten: set[str] = set()
        for event in events:
            data = event.data
            match event.type:
                case "customer.merged" | "customer.unmerged":
                    holds = event.type == "customer.merged"
                    edges[data["merge"]] = (data["merge"], event.subject, data["survivor"], holds)
                case "customer.classified":
                    # a run may look from a past day: the class of the latest moment counts, whichever was told last
                    if event.subject not in classified or event.time >= classified[event.subject].time:
                        classified[event.subject] = event
                case "customer.erased":
                    forgotten.add(event.subject)
        await tx.upsert(merges, [edges[key] for key in sorted(edges)])
        rows = [(key, classified[key].data["value_class"], classified[key].time) for key in sorted(classified)]
        await tx.upsert(classes, rows, where="excluded.at >= complaints_customer_classes.at")
        if forgotten:
            await tx.conn.execute(delete(classes).where(classes.c.subject.in_(sorted(forgotten))))


async def person(reader: Reader, subject: str) -> list[str]:
    """All ids that are the same person as `subject`, itself among them."""
    known, frontier = {subject}, {subject}
    while frontier:
        touching = or_(merges.c.merged.in_(frontier), merges.c.survivor.in_(frontier))
        rows = await reader.conn.execute(select(merges.c.merged, merges.c.survivor).where(merges.c.holds, touching))
        frontier = {end for edge in rows.all() for end in edge} - known
        known |= frontier
    return sorted(known)


async def survivors(reader: Reader, subjects: Iterable[str]) -> dict[str, str]:
    """The id that answers for each subject today."""
    wanted = set(subjects)
    onward: dict[str, str] = {}
    frontier = wanted
    while frontier:
        edges = select(merges.c.merged, merges.c.survivor).where(merges.c.holds, merges.c.merged.in_(sorted(frontier)))
        found = {row.merged: row.survivor for row in (await reader.conn.execute(edges)).all()}
        frontier = set(found.values()) - onward.keys() - found.keys()
        onward |= found
    return {subject: _end(subject, onward) for subject in wanted}


def _end(subject: str, onward: dict[str, str]) -> str:
    seen = {subject}
    while (following := onward.get(subject)) and following not in seen:
        seen.add(following)
        subject = following
    return subject


async def value_classes(reader: Reader, subjects: Collection[str]) -> dict[str, str]:
    """The value class of each customer that has one."""
    rows = await reader.select_in(classes, "subject", sorted(subjects), columns=("subject", "value_class"))
    return {row[0]: row[1] for row in rows}
