"""/v1/customers/resolve: who somebody's ids and references stand for. In a body, since references are personal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from libs.events.service import Platform
from libs.events.values import Body, Label
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import asks
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from services.profile.api import reading
from services.profile.api.shown import shown


class ResolveBody(Body):
    """Ids and references, up to 1,000."""

    customers: Annotated[list[Label], Field(max_length=1000)]


class Resolved(BaseModel):
    """The customers in the order in which they were asked for: `{asked, id, name, …}` or `{asked, problem}`."""

    items: list[dict[str, Any]]


def router(platform: Platform) -> APIRouter:
    """Routes of resolving."""
    routes = APIRouter(tags=["customers"])

    @routes.post("/v1/customers/resolve", **asks(ResolveBody, Resolved, "Who these ids and references stand for"))
    async def resolve(request: Request, after: After = None) -> Answered:
        await caught_up(platform, after)
        body = await bodies.read(request, ResolveBody)
        found = await reading.find_named(platform, body.customers)
        return answer({"items": [_item(asked, found[asked].found) for asked in body.customers]})

    return routes


def _item(asked: str, found: reading.Person | Problem) -> dict[str, Any]:
    if isinstance(found, Problem):
        return {"asked": asked, "problem": found.members()}
    return {"asked": asked, **shown(found.id, found.state, found.ids)}
