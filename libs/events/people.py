"""Who is who and in which class, as a service other than profile knows it: learned from the facts about customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, Table, Text, delete, or_, select

from libs.events.catalogue import customers
from libs.events.catalogue.customers import ValueClass
from libs.events.envelope import Event
from libs.events.store.database import Database, Reader, Transaction
from libs.events.store.instants import Instant
from libs.events.store.within import Pinned


class People:
    """The read model of people, in tables of the service's own."""

    topics: tuple[str, ...] = (customers.TOPIC,)

    def __init__(self, service: str) -> None:
        self.tables = MetaData()
        self._merges = Table(
            f"{service}_merges",
            self.tables,
            Column("id", Text, primary_key=True),
            Column("merged", Text),
            Column("survivor", Text),
            Column("holds", Boolean),
            Index(f"{service}_merges_merged", "merged"),
            Index(f"{service}_merges_survivor", "survivor"),
        )
        self._classes = Table(
            f"{service}_customer_classes",
            self.tables,
            Column("subject", Text, primary_key=True),
            Column("value_class", Text),
            Column("at", Instant),
        )

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        edges: dict[str, tuple[Any, ...]] = {}
        classified: dict[str, Event] = {}
        forgotten: set[str] = set()
        for event in events:
            match event.type:
                case "customer.merged" | "customer.unmerged":
                    merge, holds = event.data["merge"], event.type == "customer.merged"
                    edges[merge] = (merge, event.subject, event.data["survivor"], holds)
                case "customer.classified":
                    # a run may look from a past day: the class of the latest moment counts, whichever was told last
                    if event.subject not in classified or event.time >= classified[event.subject].time:
                        classified[event.subject] = event
                case "customer.erased":
                    forgotten.add(event.subject)
        await tx.upsert(self._merges, [edges[key] for key in sorted(edges)])
        rows = [(key, classified[key].data["value_class"], classified[key].time) for key in sorted(classified)]
        await tx.upsert(self._classes, rows, where=f"excluded.at >= {self._classes.name}.at")
        if forgotten:
            await tx.conn.execute(delete(self._classes).where(self._classes.c.subject.in_(sorted(forgotten))))

    async def person(self, reader: Reader, subject: str) -> list[str]:
        """All ids that are the same person as `subject`, itself among them."""
        return sorted((await self.persons(reader, [subject]))[subject])

    async def persons(self, reader: Reader, subjects: Collection[str]) -> dict[str, set[str]]:
        """For each subject all ids that are the same person, itself among them."""
        edge = self._merges.c
        whole = {subject: {subject} for subject in subjects}
        frontier = set(subjects)
        while frontier:
            touching = or_(edge.merged.in_(sorted(frontier)), edge.survivor.in_(sorted(frontier)))
            rows = await reader.conn.execute(select(edge.merged, edge.survivor).where(edge.holds, touching))
            known = set(whole)
            for one, other in rows.all():
                joined = whole.setdefault(one, {one}) | whole.setdefault(other, {other})
                whole |= dict.fromkeys(joined, joined)
            frontier = whole.keys() - known
        return {subject: whole[subject] for subject in subjects}

    async def survivors(self, reader: Reader, subjects: Iterable[str]) -> dict[str, str]:
        """The id that answers for each subject today."""
        edge, wanted, onward = self._merges.c, set(subjects), dict[str, str]()
        frontier = wanted
        while frontier:
            edges = select(edge.merged, edge.survivor).where(edge.holds, edge.merged.in_(sorted(frontier)))
            found = {row.merged: row.survivor for row in (await reader.conn.execute(edges)).all()}
            frontier = set(found.values()) - onward.keys() - found.keys()
            onward |= found
        return {subject: _end(subject, onward) for subject in wanted}

    async def value_classes(self, reader: Reader, subjects: Collection[str]) -> dict[str, ValueClass]:
        """The value class of each person that has one: the surviving id's, else that of another of their ids."""
        whole = await self.persons(reader, subjects)
        ids = {each for person in whole.values() for each in person}
        rows = await reader.select_in(self._classes, "subject", sorted(ids), columns=("subject", "value_class"))
        known: dict[str, ValueClass] = {row[0]: row[1] for row in rows}
        ends = await self.survivors(reader, whole) if len(ids) > len(whole) else {}
        found = {s: next((known[i] for i in (ends.get(s, s), *sorted(person)) if i in known), None)
                 for s, person in whole.items()}  # fmt: skip
        return {subject: value_class for subject, value_class in found.items() if value_class}


class Classes:
    """The classes that customers are known to be in at the moment when something is decided about them."""

    def __init__(self, people: People, database: Database) -> None:
        self._people, self._database = people, database

    async def of(self, subjects: Collection[str]) -> dict[str, ValueClass]:
        """The value class of each subject that has one; whoever has no name has none."""
        named = sorted(s for s in subjects if not s.startswith("anonymous:"))
        if not named:
            return {}
        async with self._database.read() as reader:
            return await self._people.value_classes(reader, named)

    def within(self, tx: Transaction) -> Classes:
        """The same as seen from an open transaction."""
        return Classes(self._people, Pinned(tx))


def _end(subject: str, onward: Mapping[str, str]) -> str:
    seen = {subject}
    while (following := onward.get(subject)) and following not in seen:
        seen.add(following)
        subject = following
    return subject
