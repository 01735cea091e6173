"""/v1/classifications: customers put into classes by what they bring."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from sqlalchemy import BigInteger, type_coerce

from libs.events.catalogue.classifications import SUBJECT
from libs.events.catalogue.customers import ValueClass
from libs.events.desk import AHEAD
from libs.events.identities import uuid_v8
from libs.events.service import Platform
from libs.events.units import Position
from libs.events.values import Body, Money
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import Id
from libs.web.positions import After, caught_up
from libs.web.problems import Problem, invalid
from libs.web.remembering import once
from libs.web.times import MomentParam
from libs.web.writing import caller_of
from services.profile.domain.classes import run_of
from services.profile.domain.state import Run
from services.profile.jobs import classifying
from services.profile.projections import classifications
from services.profile.settings import settings


class ClassificationBody(Body):
    """`as_of`: the moment to look from (default: now; a date: start of the day, UTC); `window`: how far back purchases
    count, an ISO 8601 duration reckoned by the calendar (default: the setting, P12M)."""

    as_of: MomentParam | None = None
    window: Annotated[str, StringConstraints(min_length=2, max_length=40)] | None = None


class ClassificationShown(BaseModel):
    """A run over the purchases after `since` up to `as_of`, refunds taken off. `thresholds`: a customer is A while the
    customers before them bring less than this share of all value, in per cent, B while these bring less than that.
    `counts` and `values`: customers and what they brought, by class; `changed`: customers now in another class than
    before; `unconverted`: purchases that are not counted since no rate is known for them, by currency; `rate_sources`:
    whose rates into the currency are known; `behind`: customers of whom something recorded was not yet taken in. `due`:
    the day it was run for, null where somebody asked (`by`)."""

    id: str
    state: Literal["running", "completed"]
    as_of: datetime
    since: datetime
    window: str
    thresholds: dict[str, float]
    currency: str | None
    counts: dict[ValueClass, int] | None
    values: dict[ValueClass, Money] | None
    total: Money | None
    changed: int | None
    unconverted: dict[str, int] | None
    rate_sources: list[str] | None
    behind: int | None
    due: str | None
    by: str | None
    started: datetime
    completed: datetime | None


class ClassificationPage(BaseModel):
    """A page of runs."""

    items: list[ClassificationShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of classifications."""
    routes = APIRouter(tags=["classifications"])
    summary = "Put customers into classes A, B and C"

    @routes.post("/v1/classifications", **writes(ClassificationBody, ClassificationShown, summary, optional=True))
    async def classify(request: Request) -> Answered:
        """Ordered by value, then id, a customer is A while the sum before them is under 80 %, B under 95 %, else C. A
        record shows the class of the run that looked from the latest moment; as of a past day it shows the one of then.
        A run over very many customers is answered while it is `running`, and goes on.
        """
        said = await bodies.read_raw(request)
        body = await bodies.read(request, ClassificationBody) if said else ClassificationBody()
        return await once(request, lambda: perform(request, body))

    async def perform(request: Request, body: ClassificationBody) -> Answered:
        now, caller = platform.clock.now(), caller_of(request)
        as_of = body.as_of or now
        if as_of > now + AHEAD:
            raise invalid("/as_of", "in_future", "the moment lies ahead of the time of receipt")
        try:
            data = classifying.asked(settings(), as_of, now, body.window, by=caller.who())
        except ValueError:
            message = "must be an ISO 8601 duration, as in P12M or P1Y6M"
            raise invalid("/window", "bad_duration", message) from None
        run = uuid_v8(hmac.digest(platform.identities.secret, f"id {SUBJECT}{caller.name()}".encode(), "sha256"))
        await classifying.begin(platform, run, data)
        done = await classifying.soon(platform, run)
        if done.found:
            # whoever asks for a list next finds everybody in the class that they were put into
            await platform.progress.level(classifying.PATIENCE)
        where = Position(platform.service, SUBJECT + run, 2 if done.found else 1).token().encode("ascii")
        return answer(shown(run, done), 201, headers=[(b"event-position", where)])

    @routes.get("/v1/classifications/{run}", **reads(ClassificationShown, "One classification", 404))
    async def read(run: Id, after: After = None) -> Answered:
        await caught_up(platform, after)
        found = await classifying.find(platform, run)
        if found is None:
            raise Problem(404, "unknown_classification", "there is no such classification")
        return answer(shown(run, found))

    @routes.get("/v1/classifications", **reads(ClassificationPage, "List classifications, the newest first"))
    async def find_all(cursor: Cursor = None, limit: Limit = USUAL, after: After = None) -> Answered:
        await caught_up(platform, after)
        column = classifications.runs.c
        order = (Order(type_coerce(column.recorded, BigInteger), descending=True), Order(column.id))
        async with platform.database.read() as reader:
            return answer(
                await page(
                    reader.conn, classifications.listed(), order, classifications.shape, cursor=cursor, limit=limit,
                    name="classifications",
                )
            )  # fmt: skip

    return routes


def shown(run: str, state: Run) -> dict[str, Any]:
    """A run as callers see it."""
    return {"id": run, **run_of(state.asked, state.found)}
