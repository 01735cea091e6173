"""/v1/invitations: who was asked to answer a survey."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.web import documents
from libs.web.answers import Answered
from services.care.api.lists import CustomerParam, Paged, TextParam, listing, newest_first
from services.care.api.shapes import InvitationShape, Page
from services.care.projections import invitations
from services.care.projections.consents import refusing


def router(platform: Platform) -> APIRouter:
    """Routes of invitations."""
    routes = APIRouter(tags=["surveys"])

    @routes.get("/v1/invitations", **documents.reads(Page[InvitationShape], "List invitations", 410))
    async def find(
        paging: Paged, customer: CustomerParam = None, survey: TextParam = None, open: bool = False
    ) -> Answered:
        """Invitations, newest first; `open`: only those that are to be sent: nothing has answered them yet, and the
        customer has not refused surveys. Pages may be shorter for that."""
        columns = invitations.invitations.c

        async def heed(reader: Reader, items: list[dict[str, Any]]) -> None:
            unwilling = await refusing(reader, {item["customer"] for item in items}, platform.clock.now())
            for item in items:
                item["refused"] = item["customer"] in unwilling
            items[:] = [item for item in items if not (open and item["refused"])]

        return await listing(
            platform, paging, customer, lambda subjects: invitations.listed(subjects, survey, open),
            newest_first(columns.at, columns.id), invitations.shown, "invitations", heed,
        )  # fmt: skip

    return routes
