"""/v1/deliveries: care that was planned, given or missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies, documents
from libs.web.answers import Answered
from libs.web.paths import Id
from libs.web.positions import After
from libs.web.writing import write
from services.care.api.lists import CustomerParam, Paged, TextParam, listing, newest_first, one
from services.care.api.made import ids_of, told
from services.care.api.shapes import DeliveryShape, Made, Page
from services.care.bodies import DeliveryBody
from services.care.doors import DELIVERED
from services.care.projections import deliveries

State = Literal["planned", "delivered", "missed"]


def router(platform: Platform) -> APIRouter:
    """Routes of deliveries."""
    routes = APIRouter(tags=["deliveries"])

    @routes.post("/v1/deliveries", **documents.writes(DeliveryBody, Made, "Tell of care that was given", 404, 410))
    async def deliver(request: Request) -> Answered:
        """Care was given, perhaps keeping a plan; a plan that was kept before answers 200."""
        body = await bodies.read(request, DeliveryBody)
        made = ids_of(request, platform)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            given = told(verdicts, "care.delivered", "delivery")
            return {"id": body.planned or (given[0] if given else made("delivery"))}

        return await write(request, platform, DELIVERED, body, render=render, version=None)

    @routes.get("/v1/deliveries", **documents.reads(Page[DeliveryShape], "List deliveries", 410))
    async def find(
        paging: Paged,
        customer: CustomerParam = None,
        state: State | None = None,
        programme: TextParam = None,
        staff: TextParam = None,
        department: TextParam = None,
        channel: TextParam = None,
    ) -> Answered:
        """Deliveries, newest first."""
        equal = {"state": state, "programme": programme, "staff": staff, "department": department, "channel": channel}
        columns = deliveries.deliveries.c
        return await listing(
            platform, paging, customer, lambda subjects: deliveries.listed(subjects, **equal),
            newest_first(columns.noted, columns.id), deliveries.shown, "deliveries",
        )  # fmt: skip

    @routes.get("/v1/deliveries/{delivery}", **documents.reads(DeliveryShape, "Read a delivery", 404, 410))
    async def read(delivery: Id, after: After = None) -> Answered:
        """One delivery."""
        return await one(platform, f"delivery:{delivery}", deliveries.changes, deliveries.shown, after)

    return routes
