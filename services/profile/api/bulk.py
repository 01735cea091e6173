"""/v1/customers/bulk and /v1/customers/purchases/bulk: up to 1,000 records or purchases in one call."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request

from libs.events.desk import Asked
from libs.events.doors import Caller
from libs.events.service import Platform
from libs.web.answers import Answered
from libs.web.bulk import Bulk, Results
from libs.web.bulk_writing import write_all
from libs.web.documents import writes
from services.profile.api import reading
from services.profile.doors.bodies import Purchase, PurchaseOf, RecordedBody, UpsertBody
from services.profile.doors.purchases import IDS, PURCHASED
from services.profile.doors.records import RECORDED


def router(platform: Platform) -> APIRouter:
    """Routes for many customers at once."""
    routes = APIRouter(tags=["customers"])

    @routes.post(
        "/v1/customers/bulk", **writes(Bulk[UpsertBody], Results, "Make or change many customers by ref", created=200)
    )
    async def upsert(request: Request) -> Answered:
        """A result for each, in order; `id` is the customer's. With `all_or_none` all hold or none does: then what
        would have been done is a conflict, `none_done`."""
        return await write_all(request, platform, UpsertBody, records)

    @routes.post(
        "/v1/customers/purchases/bulk", **writes(Bulk[PurchaseOf], Results, "Many purchases and refunds", created=200)
    )
    async def purchase(request: Request) -> Answered:
        """A result for each, in order, as for records. An order happens once, so sending all again is safe."""
        return await write_all(request, platform, PurchaseOf, purchases)

    async def records(items: Sequence[tuple[UpsertBody, Caller]]) -> list[Asked[RecordedBody]]:
        return [
            Asked(RECORDED, RecordedBody.model_construct(set(body.model_fields_set), **dict(body)), caller)
            for body, caller in items
        ]

    async def purchases(items: Sequence[tuple[PurchaseOf, Caller]]) -> list[Asked[Purchase]]:
        refunded = await reading.find_named(platform, {body.customer for body, _ in items if body.refund_of})
        asked = []
        for body, caller in items:
            named = refunded.get(body.customer)
            ids = {named.person.id, *named.person.ids} if named and isinstance(named.found, reading.Person) else ()
            said = Purchase.model_construct(set(body.model_fields_set), **dict(body))
            asked.append(Asked(PURCHASED, said, caller, path={IDS: " ".join(sorted(ids))}))
        return asked

    return routes
