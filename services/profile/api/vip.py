"""/v1/customers/{id}/vip: somebody says whom everybody is to take particular care of, and takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered
from libs.web.documents import writes
from libs.web.paths import CustomerId
from libs.web.writing import write
from services.profile.api import reading
from services.profile.api.shown import CustomerShown, record_version, shown
from services.profile.doors.bodies import PatchBody, VipBody
from services.profile.doors.records import CHANGED, Change


def router(platform: Platform) -> APIRouter:
    """Routes of VIPs."""
    routes = APIRouter(tags=["customers"])
    summary = "Make a customer a VIP, or take that back"

    @routes.post("/v1/customers/{customer}/vip", **writes(VipBody, CustomerShown, summary, 404, 410))
    async def mark(customer: CustomerId, request: Request) -> Answered:
        """Kept in the record, as `vip` and `vip_reason`, with who said so in its history. The same again is 200."""
        body = await bodies.read(request, VipBody)
        person = await reading.find_one(platform, customer)
        others = person.version - person.own.version
        stated = {"vip": body.vip, "vip_reason": body.reason} | ({"at": body.at} if body.at else {})
        asked = Change(patch=PatchBody.model_validate(stated), versions=None, seen=person.seen)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            return shown(person.id, person.having(person.id, verdicts[0].state), person.ids)

        return await write(
            request, platform, CHANGED, asked, customer=person.id, path={"id": person.id}, render=render,
            version=lambda verdicts: (record_version(verdicts) or 0) + others,
        )  # fmt: skip

    return routes
