"""/v1/customers/{id}/occasions: the special days of a customer that come next."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events.catalogue.customers import OccasionKind
from libs.events.service import Platform
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from services.profile.api import reading
from services.profile.domain.occasions import next_day, occasions
from services.profile.jobs.occasions import today
from services.profile.settings import settings


class OccasionShown(BaseModel):
    """An occasion, by its `name` where it is no birthday: when it first was, and when (in how many days) it is next.
    `near`: it is told to be near, and care is planned for it, unless the customer is lost."""

    occasion: OccasionKind
    name: str | None
    first: date
    on: date
    days_ahead: int
    near: bool


class Occasions(BaseModel):
    """The occasions of a customer, the next one first."""

    items: list[OccasionShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of occasions."""
    routes = APIRouter(tags=["customers"])

    @routes.get("/v1/customers/{customer}/occasions", **reads(Occasions, "Their birthday and special dates", 404, 410))
    async def read(customer: CustomerId, after: After = None) -> Answered:
        """What fell on 29 February is kept on the 28th (or on 1 March, a setting) in years that have none."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        chosen, day = settings(), today(platform)
        items = []
        for each in occasions(person.state.record):
            on = next_day(each, day, chosen.leap_day)
            ahead = (on - day).days
            items.append({
                "occasion": each.kind, "name": each.name, "first": each.first, "on": on, "days_ahead": ahead,
                "near": ahead <= chosen.days_ahead(each.kind),
            })  # fmt: skip
        return answer({"items": sorted(items, key=lambda item: item["days_ahead"]), "next_cursor": None})

    return routes
