"""/v1/customers/{id}/erasure: a person is forgotten, under all ids that they are known by."""

from __future__ import annotations

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.web import bodies
from libs.web.answers import Answered
from libs.web.documents import writes
from libs.web.paths import CustomerId
from libs.web.problems import Problem
from libs.web.writing import write
from services.profile.api import reading
from services.profile.api.shown import ErasureShown
from services.profile.doors.bodies import ErasureBody
from services.profile.doors.erasing import ERASED, Forgetting


def router(platform: Platform) -> APIRouter:
    """Routes of erasure."""
    routes = APIRouter(tags=["customers"])

    @routes.post(
        "/v1/customers/{customer}/erasure",
        **writes(ErasureBody, ErasureShown, "Forget a customer", 404, created=202, already=202),
    )
    async def erase(customer: CustomerId, request: Request) -> Answered:
        """Their keys are shredded here at once, in the other services as soon as they hear of it."""
        body = await bodies.read(request, ErasureBody)
        found = (await reading.find(platform, [customer]))[customer]
        if isinstance(found, Problem):
            if found.status != 410:  # who is forgotten already is simply forgotten
                raise found
            subjects = [customer]
        else:
            subjects = [found.id, *found.ids]
        asked = Forgetting(reason=body.reason, subjects=tuple(subjects))
        return await write(
            request, platform, ERASED, asked, customer=customer, path={"id": customer}, created=202, already=202,
            version=None, render=lambda verdicts: {"id": customer, "status": "erased"},
        )  # fmt: skip

    return routes
