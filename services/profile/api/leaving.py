"""/v1/customers/{id}/loss and /win-back: why they left, and how they came back."""

from __future__ import annotations

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.web import bodies
from libs.web.answers import Answered
from libs.web.documents import writes
from libs.web.paths import CustomerId
from libs.web.writing import write
from services.profile.api import reading
from services.profile.api.shown import StageShown, record_version
from services.profile.bodies import LossBody, WinBackBody
from services.profile.doors import LOST, WON_BACK, PersonLost, PersonWonBack


def router(platform: Platform) -> APIRouter:
    """Routes of leaving and coming back."""
    routes = APIRouter(tags=["customers"])

    @routes.post("/v1/customers/{customer}/loss", **writes(LossBody, StageShown, "A customer left", 404, 410))
    async def lose(customer: CustomerId, request: Request) -> Answered:
        """409 with `state` and `possible` where the customer was lost already then."""
        body = await bodies.read(request, LossBody)
        person = await reading.find_one(platform, customer)
        said = PersonLost.model_construct(
            {*body.model_fields_set, "elsewhere"}, **dict(body), elsewhere=person.moves_beside(customer)
        )
        return await write(
            request, platform, LOST, said, customer=customer, path={"id": customer},
            render=lambda verdicts: {"id": customer, "stage": person.having(customer, verdicts[0].state).stage},
            version=record_version,
        )  # fmt: skip

    @routes.post(
        "/v1/customers/{customer}/win-back", **writes(WinBackBody, StageShown, "A customer came back", 404, 410)
    )
    async def win_back(customer: CustomerId, request: Request) -> Answered:
        """409 with `state` and `possible` where the customer was not lost then."""
        body = await bodies.read(request, WinBackBody)
        person = await reading.find_one(platform, customer)
        said = PersonWonBack.model_construct(
            {*body.model_fields_set, "elsewhere"}, **dict(body), elsewhere=person.moves_beside(customer)
        )
        return await write(
            request, platform, WON_BACK, said, customer=customer, path={"id": customer},
            render=lambda verdicts: {"id": customer, "stage": person.having(customer, verdicts[0].state).stage},
            version=record_version,
        )  # fmt: skip

    return routes
