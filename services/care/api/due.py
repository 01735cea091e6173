"""/v1/due: whom must I care for today, and why."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.web import documents
from libs.web.answers import Answered
from libs.web.times import MomentParam
from services.care.api.lists import CustomerParam, Items, Paged, TextParam, listing, name_people, soonest_first
from services.care.api.shapes import DueShape, Page
from services.care.projections import deliveries
from services.care.projections.people import PEOPLE

Until = Annotated[MomentParam | None, Query(description="Due by then (default: the end of this day, UTC).")]


def router(platform: Platform) -> APIRouter:
    """Routes of the due list."""
    routes = APIRouter(tags=["due"])

    @routes.get("/v1/due", **documents.reads(Page[DueShape], "Whom to care for today, and why", 410))
    async def due(
        paging: Paged,
        customer: CustomerParam = None,
        until: Until = None,
        staff: TextParam = None,
        department: TextParam = None,
        programme: TextParam = None,
    ) -> Answered:
        """Planned care that is to be given, the longest due first, with the customer's class."""
        now = platform.clock.now()
        last = until or _end_of_day(now)
        columns = deliveries.deliveries.c

        async def finish(reader: Reader, items: Items) -> None:
            await name_people(reader, items)
            known = await PEOPLE.value_classes(reader, {item["customer"] for item in items})
            for item in items:
                item["value_class"] = known.get(item["customer"])
                item["overdue"] = item["due"] < now

        return await listing(
            platform, paging, customer,
            lambda subjects: deliveries.due(last, subjects, staff=staff, department=department, programme=programme),
            soonest_first(columns.due, columns.id), deliveries.shown, "due", finish,
        )  # fmt: skip

    return routes


def _end_of_day(now: datetime) -> datetime:
    return datetime.combine(now.date(), time(), now.tzinfo) + timedelta(days=1)
