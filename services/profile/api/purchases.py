"""/v1/customers/{id}/acquisition and /purchases: how they came, and what they bought."""

from __future__ import annotations

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.web import bodies
from libs.web.answers import Answered
from libs.web.documents import writes
from libs.web.paths import CustomerId
from libs.web.writing import write
from services.profile.api import reading
from services.profile.api.shown import StageShown, record_version, staged
from services.profile.doors.bodies import Acquisition, AcquisitionBody, Purchase, PurchaseBody
from services.profile.doors.purchases import IDS, PURCHASED
from services.profile.doors.records import ACQUIRED


def router(platform: Platform) -> APIRouter:
    """Routes of what customers bring."""
    routes = APIRouter(tags=["customers"])

    @routes.post(
        "/v1/customers/{customer}/acquisition",
        **writes(AcquisitionBody, StageShown, "How a customer was won", 404, 410),
    )
    async def acquire(customer: CustomerId, request: Request) -> Answered:
        """Once for each channel and cost: the same again is 200."""
        body = await bodies.read(request, AcquisitionBody)
        said = Acquisition.model_construct(set(body.model_fields_set), **dict(body))
        return await write(
            request, platform, ACQUIRED, said, customer=customer, path={"id": customer}, render=staged,
            version=record_version,
        )  # fmt: skip

    @routes.post(
        "/v1/customers/{customer}/purchases", **writes(PurchaseBody, StageShown, "A purchase or refund", 404, 410)
    )
    async def purchase(customer: CustomerId, request: Request) -> Answered:
        """An order happens once: the same again is 200. A refund names the order it takes back; 409 in another
        currency, or where all refunds of it would come to more than it was (`left`: what may still be taken back)."""
        body = await bodies.read(request, PurchaseBody)
        said = Purchase.model_construct(set(body.model_fields_set), **dict(body))
        path = {"id": customer}
        if body.refund_of:
            person = await reading.find_one(platform, customer)
            path[IDS] = " ".join(sorted({person.id, *person.ids}))
        return await write(
            request, platform, PURCHASED, said, customer=customer, path=path, render=staged, version=record_version
        )

    return routes
