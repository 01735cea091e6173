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
from services.profile.bodies import Acquisition, AcquisitionBody, Purchase, PurchaseBody
from services.profile.domain.commands import order_name
from services.profile.doors import ACQUIRED, PURCHASED


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
        """An order happens once: the same again is 200. A refund names the order it takes back."""
        body = await bodies.read(request, PurchaseBody)
        said = Purchase.model_construct(set(body.model_fields_set), **dict(body))
        path = {"id": customer, "bought_by": await bought_by(customer, body.refund_of) if body.refund_of else ""}
        return await write(
            request, platform, PURCHASED, said, customer=customer, path=path, render=staged, version=record_version
        )

    async def bought_by(customer: str, order: str) -> str:
        """Under which other id of the person an order was bought; empty where it was under this one, or never."""
        person = await reading.find_one(platform, customer)
        others = {person.id, *person.ids} - {customer}
        names = {order_name(subject, order): subject for subject in others}
        found = await platform.store.find([*names, order_name(customer, order)]) if others else {}
        if order_name(customer, order) in found:
            return ""
        return min((names[name] for name in found), default="")

    return routes
