"""/v1/invitations: who was asked to answer a survey."""

from __future__ import annotations

from fastapi import APIRouter

from libs.events.service import Platform
from libs.web import documents
from libs.web.answers import Answered
from services.care.api.lists import CustomerParam, Paged, TextParam, listing, newest_first
from services.care.api.shapes import InvitationShape, Page
from services.care.projections import invitations


def router(platform: Platform) -> APIRouter:
    """Routes of invitations."""
    routes = APIRouter(tags=["surveys"])

    @routes.get("/v1/invitations", **documents.reads(Page[InvitationShape], "List invitations", 410))
    async def find(
        paging: Paged, customer: CustomerParam = None, survey: TextParam = None, open: bool = False
    ) -> Answered:
        """Invitations, newest first; `open`: only those that nothing has answered yet."""
        columns = invitations.invitations.c
        return await listing(
            platform, paging, customer, lambda subjects: invitations.listed(subjects, survey, open),
            newest_first(columns.at, columns.id), invitations.shown, "invitations",
        )  # fmt: skip

    return routes
