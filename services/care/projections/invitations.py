"""Invitations: who is asked to answer which survey, and whether they did since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, Index, MetaData, Select, Table, Text, select, update

from libs.events.catalogue import care
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant
from services.care.projections.forgotten import forgotten
from services.care.projections.rows import Gathered, Row, chosen

metadata = MetaData()
invitations = Table(
    "care_invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text),
    Column("survey", Text),
    Column("why", Text),
    Column("about", Text),
    Column("at", Instant),
    Column("answered_at", Instant),
    Index("care_invitations_subject", "subject", "survey"),
    Index("care_invitations_at", "at", "id"),
)


def changes(event: Event) -> tuple[str, Row] | None:
    """What a fact says of an invitation."""
    if event.type != "survey.invited":
        return None
    told = {name: event.data.get(name) for name in ("survey", "why", "about")}
    return event.data["invitation"], {"subject": event.subject, "at": event.time, **told}


class Invitations:
    """The read model of invitations."""

    topics: tuple[str, ...] = (care.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        rows = Gathered(invitations)
        for event in events:
            rows.add(changes(event))
        await rows.write(tx)
        for event in events:
            if event.type == "survey.answered" and not event.subject.startswith("anonymous:"):
                await self._answered(tx, event)

    async def _answered(self, tx: Transaction, event: Event) -> None:
        column = invitations.c
        asked = (column.subject == event.subject) & (column.survey == event.data["survey"]) & (column.at <= event.time)
        open_ones = update(invitations).where(asked, column.answered_at.is_(None))
        await tx.conn.execute(open_ones.values(answered_at=event.time))


def shown(row: Row) -> dict[str, Any]:
    """An invitation as callers see it."""
    names = ("id", "survey", "why", "about", "at", "answered_at")  # `refused` is added where they are listed
    return {name: row.get(name) for name in names} | {"customer": row["subject"]}


def listed(subjects: Collection[str] | None, survey: str | None, open_only: bool) -> Select[Any]:
    """Invitations of these subjects (None: of all); to be ordered by `at`."""
    column = invitations.c
    query = chosen(invitations, subjects, survey=survey).where(column.subject.not_in(select(forgotten.c.subject)))
    return query.where(column.answered_at.is_(None)) if open_only else query
