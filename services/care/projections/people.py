"""What care knows of people, learned from profile: who is who, in which class they are, and who is to be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Boolean, Column, Index, MetaData, Table, Text, or_, select

from libs.events.catalogue import customers
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant
from services.care.projections.rows import Gathered, moment

SURVEY = "survey"
"""The purpose that customers consent to, or refuse, before they are asked."""
metadata = MetaData()
merges = Table(
    "care_merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("merged", Text),
    Column("survivor", Text),
    Column("holds", Boolean),
    Index("care_merges_merged", "merged"),
    Index("care_merges_survivor", "survivor"),
)
classes = Table(
    "care_customer_classes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("value_class", Text),
    Column("at", Instant),
)
refusals = Table(
    "care_survey_consents",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("granted", Boolean),
    Column("until", Instant),
    Column("at", Instant),
    Column("key", Text),
)
erased = Table("care_erased", metadata, Column("subject", Text, primary_key=True))


class People:
    """The read model of people."""

    topics: tuple[str, ...] = (customers.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        edges, classified, forgotten = Gathered(merges), dict[str, Event](), set[str]()
        consented: dict[str, Event] = {}
        for event in events:
            data = event.data
            match event.type:
                case "customer.merged":
                    edge = {"merged": event.subject, "survivor": data["survivor"], "holds": True}
                    edges.add((data["merge"], edge))
                case "customer.unmerged":
                    edges.add((data["merge"], {"holds": False}))
                case "customer.classified":
                    # a run may look from a past day: the class of the latest moment counts, whichever was told last
                    if event.subject not in classified or event.time >= classified[event.subject].time:
                        classified[event.subject] = event
                case "customer.consented" if data["purpose"] == SURVEY:
                    said = consented.setdefault(event.subject, event)
                    consented[event.subject] = max(said, event, key=lambda e: (e.time, e.key))
                case "customer.erased":
                    forgotten.add(event.subject)
        await edges.write(tx)
        rows = [(subject, classified[subject].data["value_class"], classified[subject].time) for subject in classified]
        await tx.upsert(classes, sorted(rows), where="excluded.at >= care_customer_classes.at")
        stated = [(s, e.data["granted"], moment(e.data.get("until")), e.time, e.key) for s, e in consented.items()]
        await tx.upsert(
            refusals, sorted(stated, key=itemgetter(0)),
            where="(excluded.at, excluded.key) >= (care_survey_consents.at, care_survey_consents.key)",
        )  # fmt: skip
        await tx.insert(erased, [(subject,) for subject in sorted(forgotten)])


async def person(reader: Reader, subject: str) -> list[str]:
    """All subjects that are the same person as `subject`, itself among them."""
    return sorted((await persons(reader, [subject]))[subject])


async def persons(reader: Reader, subjects: Collection[str]) -> dict[str, set[str]]:
    """For each subject all that are the same person, itself among them."""
    whole = {subject: {subject} for subject in subjects}
    frontier = set(subjects)
    while frontier:
        touching = or_(merges.c.merged.in_(sorted(frontier)), merges.c.survivor.in_(sorted(frontier)))
        rows = await reader.conn.execute(select(merges.c.merged, merges.c.survivor).where(merges.c.holds, touching))
        known = set(whole)
        for one, other in rows.all():
            joined = whole.setdefault(one, {one}) | whole.setdefault(other, {other})
            whole |= dict.fromkeys(joined, joined)
        frontier = whole.keys() - known
    return {subject: whole[subject] for subject in subjects}


async def refusing(reader: Reader, subjects: Collection[str], now: datetime) -> set[str]:
    """Those of the subjects who said last, under whichever id, that they do not want to be asked in surveys."""
    whole = await persons(reader, subjects)
    ids = {each for person in whole.values() for each in person}
    rows = (await reader.conn.execute(select(refusals).where(refusals.c.subject.in_(sorted(ids))))).all()
    said = {row.subject: row for row in rows}
    found = set()
    for subject, person in whole.items():
        last = max((said[s] for s in person if s in said), key=lambda row: (row.at, row.key), default=None)
        if last and not last.granted and (last.until is None or last.until > now):
            found.add(subject)
    return found


async def survivors(reader: Reader, subjects: Iterable[str]) -> dict[str, str]:
    """The id that answers for each subject today."""
    wanted = set(subjects)
    step: dict[str, str] = {}
    frontier: Collection[str] = wanted
    while frontier:
        edges = select(merges.c.merged, merges.c.survivor).where(merges.c.holds, merges.c.merged.in_(frontier))
        rows = (await reader.conn.execute(edges)).all()
        found = {merged: survivor for merged, survivor in rows if merged not in step}
        step |= found
        frontier = set(found.values()) - step.keys()
    return {subject: _end(subject, step) for subject in wanted}


def _end(subject: str, step: dict[str, str]) -> str:
    seen = {subject}
    while (onward := step.get(subject)) and onward not in seen:
        seen.add(onward)
        subject = onward
    return subject


async def value_classes(reader: Reader, subjects: Collection[str]) -> dict[str, str]:
    """The value class of each customer that has one."""
    rows = await reader.select_in(classes, "id", subjects, columns=("id", "value_class"))
    return {row[0]: row[1] for row in rows}
