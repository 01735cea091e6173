"""/v1/customers/{id}/loss and /win-back: why they left, and how they came back."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from libs.events.catalogue.customers import AttemptResult, LossReason, Way
from libs.events.service import Platform
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.writing import write
from services.profile.api import reading
from services.profile.api.shown import StageShown
from services.profile.doors.bodies import LossBody, WinBackBody
from services.profile.doors.records import LOST, WON_BACK, PersonLost, PersonWonBack

STEPS = {"customer.lost": "lost", "customer.approached": "approached", "customer.won_back": "won_back"}


class Step(BaseModel):
    """The customer was `lost` (with a `reason`), `approached` in vain (with a `result`), or `won_back`."""

    step: Literal["lost", "approached", "won_back"]
    at: datetime
    reason: LossReason | None = None
    note: str | None = None
    approach: str | None = None
    by: str | None = None
    outcome: str | None = None
    way: Way | None = None
    cause: LossReason | None = None
    handed_by: str | None = None
    missed: str | None = None
    result: AttemptResult | None = None


class Leaving(BaseModel):
    """What happened, in order; members that were not stated are left out."""

    items: list[Step]
    next_cursor: str | None


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
            version=lambda verdicts: person.version_having(customer, verdicts[0].state),
        )  # fmt: skip

    approaching = writes(WinBackBody, StageShown, "A lost customer was approached", 404, 410)

    @routes.post("/v1/customers/{customer}/win-back", **approaching)
    async def win_back(customer: CustomerId, request: Request) -> Answered:
        """409 with `state` and `possible` where the customer was not lost then. It may take several tries: with a
        `result` other than `won_back` the attempt is recorded, and the customer stays lost."""
        body = await bodies.read(request, WinBackBody)
        person = await reading.find_one(platform, customer)
        said = PersonWonBack.model_construct(
            {*body.model_fields_set, "elsewhere"}, **dict(body), elsewhere=person.moves_beside(customer)
        )
        return await write(
            request, platform, WON_BACK, said, customer=customer, path={"id": customer},
            render=lambda verdicts: {"id": customer, "stage": person.having(customer, verdicts[0].state).stage},
            version=lambda verdicts: person.version_having(customer, verdicts[0].state),
        )  # fmt: skip

    looking = reads(Leaving, "How they left, were approached and came back", 404, 410)

    @routes.get("/v1/customers/{customer}/leaving", **looking)
    async def read(customer: CustomerId, after: After = None) -> Answered:
        """Under all ids of the person, in the order in which it happened."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        found = [
            event for subject in (person.id, *person.ids) for event in await platform.store.history(subject)
            if event.type in STEPS
        ]  # fmt: skip
        found.sort(key=lambda event: (event.time, event.recorded, event.sequence))
        return answer({"items": [{"step": STEPS[e.type], "at": e.time, **e.data} for e in found], "next_cursor": None})

    return routes
