"""/v1/classifications/rates: what currencies are worth, as the company says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from libs.events.desk import Asked
from libs.events.doors import Caller
from libs.events.service import Platform
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.bulk import Bulk, Results
from libs.web.bulk_writing import write_all
from libs.web.documents import reads, writes
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.positions import After, caught_up
from libs.web.writing import write
from services.profile.doors.rates import STATED, RateBody
from services.profile.projections import rates

Of = Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="A currency (ISO 4217).")]


class RateShown(BaseModel):
    """A rate, from `day` on until a later day's, by whom it was stated and when."""

    currency: str
    into: str
    day: date
    rate: str
    source: str
    by: str | None
    stated: datetime


class RatePage(BaseModel):
    """A page of rates."""

    items: list[RateShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of rates; before those of classifications, whose ids stand in the same place."""
    routes = APIRouter(tags=["classifications"])

    @routes.post("/v1/classifications/rates", **writes(RateBody, RateBody, "State an exchange rate"))
    async def state(request: Request) -> Answered:
        """Purchases of its day, and after it until the next rate, are worth what it says from the next run on. Stated
        again for a day, the last one counts; the same again is 200."""
        body = await bodies.read(request, RateBody)
        return await write(request, platform, STATED, body, render=lambda _: body.model_dump(), version=None)

    @routes.post(
        "/v1/classifications/rates/bulk", **writes(Bulk[RateBody], Results, "State many exchange rates", created=200)
    )
    async def state_many(request: Request) -> Answered:
        """A result for each, in order."""
        return await write_all(request, platform, RateBody, asked)

    async def asked(items: Sequence[tuple[RateBody, Caller]]) -> list[Asked[RateBody]]:
        return [Asked(STATED, body, caller) for body, caller in items]

    @routes.get("/v1/classifications/rates", **reads(RatePage, "List exchange rates by currencies and day"))
    async def find_all(
        currency: Of = None, into: Of = None, cursor: Cursor = None, limit: Limit = USUAL, after: After = None
    ) -> Answered:
        await caught_up(platform, after)
        column = rates.rates.c
        order = (Order(column.currency), Order(column.into_currency), Order(column.day))
        async with platform.database.read() as reader:
            found = await page(
                reader.conn, rates.listed(currency, into), order, rates.shape, cursor=cursor, limit=limit, name="rates"
            )
        return answer(found)

    return routes
