"""/v1/touchpoints: every contact with a customer, and the promises made in it."""

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
from services.care.api.shapes import MadeContact, Page, TouchpointShape
from services.care.bodies import TouchpointBody
from services.care.doors import TOUCHED
from services.care.projections import touchpoints


def router(platform: Platform) -> APIRouter:
    """Routes of touchpoints."""
    routes = APIRouter(tags=["touchpoints"])

    @routes.post("/v1/touchpoints", **documents.writes(TouchpointBody, MadeContact, "Tell of a contact", 410))
    async def touch(request: Request) -> Answered:
        """There was a contact; each promise made in it gets an id under which it can be kept."""
        body = await bodies.read(request, TouchpointBody)
        made = ids_of(request, platform)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            contact = told(verdicts, "touchpoint.recorded", "touchpoint")
            if contact:
                promised = told(verdicts, "promise.made", "promise")
            else:
                contact, promised = [made("touchpoint")], [made(f"promise {n}") for n in range(len(body.promises))]
            return {"id": contact[0], "promises": [{"id": promise} for promise in promised]}

        return await write(request, platform, TOUCHED, body, render=render, version=None)

    @routes.get("/v1/touchpoints", **documents.reads(Page[TouchpointShape], "List contacts", 410))
    async def find(
        paging: Paged,
        customer: CustomerParam = None,
        staff: TextParam = None,
        department: TextParam = None,
        channel: TextParam = None,
        direction: Literal["in", "out"] | None = None,
    ) -> Answered:
        """Touchpoints, newest first."""
        equal = {"staff": staff, "department": department, "channel": channel, "direction": direction}
        columns = touchpoints.touchpoints.c
        return await listing(
            platform, paging, customer, lambda subjects: touchpoints.listed(subjects, **equal),
            newest_first(columns.at, columns.id), touchpoints.shown, "touchpoints",
        )  # fmt: skip

    @routes.get("/v1/touchpoints/{touchpoint}", **documents.reads(TouchpointShape, "Read a contact", 404, 410))
    async def read(touchpoint: Id, after: After = None) -> Answered:
        """One touchpoint."""
        return await one(platform, f"touchpoint:{touchpoint}", touchpoints.changes, touchpoints.shown, after)

    return routes
