"""/v1/customers/{id}/history: who changed what when, and the record as it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events import catalogue
from libs.events.decider import Happened
from libs.events.service import Platform
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.pages import USUAL, Cursor, Limit, read_cursor, write_cursor
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.times import AsOf
from services.profile.api import reading
from services.profile.domain import history
from services.profile.domain.state import Customer
from services.profile.search.likeness import form_of
from services.profile.settings import settings


class ChangeShown(BaseModel):
    """A field, what it showed before and what it has shown since."""

    field: str
    before: Any
    after: Any


class EntryShown(BaseModel):
    """What changed `at` a moment, as it was `recorded` later or at once: by which fact (`event`, `type`), told of which
    of the person's ids (`customer`), and by whom: the name of an API key, or the source of an event. `merge`: the merge
    that was made or undone; `reason`: why they left, or why they are in a class or a segment, in figures."""

    at: datetime
    recorded: datetime
    event: str
    type: str
    customer: str
    by: str | None
    merge: str | None
    reason: str | None
    changes: list[ChangeShown]


class HistoryPage(BaseModel):
    """A page of a history."""

    items: list[EntryShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of history."""
    routes = APIRouter(tags=["customers"])

    @routes.get("/v1/customers/{customer}/history", **reads(HistoryPage, "Who changed what when", 404, 410))
    async def read(
        customer: CustomerId, as_of: AsOf = None, cursor: Cursor = None, limit: Limit = USUAL, after: After = None
    ) -> Answered:
        """In the order in which things happened, under all ids of the person."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        facts = [f for f in await facts_of(platform, person) if as_of is None or f.happened.at <= as_of]
        entries = list(history.history(members(person), person.id, facts, form_of(settings().region)))
        if cursor is not None:
            at, key, subject, sequence = read_cursor(cursor, (datetime, str, str, int), "history")
            entries = [e for e in entries if e.fact.order > (at, key, subject, sequence)]
        more = len(entries) > limit
        last = entries[limit - 1].fact.order if more else ()
        return answer({
            "items": [entry(each) for each in entries[:limit]],
            "next_cursor": write_cursor(last, "history") if more else None,
        })  # fmt: skip

    return routes


async def as_of(platform: Platform, person: reading.Person, moment: datetime) -> Customer:
    """The person as of a moment. Raises `Problem` (404) where nothing was known by then."""
    facts = await facts_of(platform, person)
    found = history.as_of(members(person), person.id, facts, moment, form_of(settings().region))
    if not found.known:
        raise Problem(404, "not_known_yet", "nothing had happened by then that is known of this customer")
    return found


def members(person: reading.Person) -> dict[str, Customer]:
    """All ids of a person."""
    return {person.id: person.own, **person.others}


async def facts_of(platform: Platform, person: reading.Person) -> list[history.Fact]:
    """All facts of all ids of a person, in plain."""
    found: list[history.Fact] = []
    for subject in members(person):
        for event in await platform.store.history(subject):
            data = catalogue.find(event.type).model.model_validate(event.data)
            happened = Happened(data, event.time, event.sequence, event.id, event.key)
            found.append(history.Fact(subject, event.type, event.key, event.recorded, happened))
    return found


def entry(each: history.Entry) -> dict[str, Any]:
    """An entry as callers see it."""
    fact = each.fact
    data = fact.happened.data
    return {
        "at": fact.happened.at, "recorded": fact.recorded, "event": fact.happened.id, "type": fact.type,
        "customer": fact.subject, "by": getattr(data, "by", None), "merge": getattr(data, "merge", None),
        "reason": getattr(data, "reason", None),
        "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in each.changes],
    }  # fmt: skip
