"""Surveys: the newest version of each, for lists; a whole form is read from its own facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Select, Table, Text, select

from libs.events.catalogue import care
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant
from services.care.domain.state import Form
from services.care.projections.rows import Gathered, Row

metadata = MetaData()
surveys = Table(
    "care_surveys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer),
    Column("name", Text),
    Column("dimension_set", Text),
    Column("at", Instant),
    Index("care_surveys_at", "at", "id"),
)


def changes(event: Event) -> tuple[str, Row] | None:
    """What a fact says of a survey."""
    if event.type != "survey.published":
        return None
    data = event.data
    told = {"name": data["name"], "dimension_set": data["dimension_set"], "version": data["form"]}
    return data["survey"], {"at": event.time, **told}


class Surveys:
    """The read model of surveys."""

    topics: tuple[str, ...] = (care.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        rows = Gathered(surveys)
        for event in events:
            rows.add(changes(event))
        await rows.write(tx)


def shown(row: Row) -> dict[str, Any]:
    """A survey in a list."""
    return {name: row.get(name) for name in ("id", "version", "name", "dimension_set", "at")}


def whole(survey: str, version: int, form: Form) -> dict[str, Any]:
    """A survey with everything that it asks."""
    return {"id": survey, "version": version, **form.model_dump(mode="json")}


def listed(dimension_set: str | None = None) -> Select[Any]:
    """All surveys, or those of one dimension set; to be ordered by `at`."""
    query = select(surveys)
    return query.where(surveys.c.dimension_set == dimension_set) if dimension_set else query
