"""/v1/customers/resolve: who somebody's ids and references stand for. In a body, since references are personal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from libs.events.decider import Refused
from libs.events.identities import as_id
from libs.events.service import Platform
from libs.events.values import Body, Label
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import asks
from libs.web.problems import Problem
from libs.web.refusals import of_refusal
from services.profile.api import reading
from services.profile.api.shown import shown

GENERATIONS = 16


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
    async def resolve(request: Request) -> Answered:
        body = await bodies.read(request, ResolveBody)
        found: dict[str, reading.Person | Problem] = {}
        waiting = set(body.customers)
        for generation in range(GENERATIONS):
            ids = {}
            for asked in waiting:
                try:
                    ids[asked] = platform.identities.resolve(asked, generation)
                except Refused as refusal:
                    found[asked] = of_refusal(refusal)
            people = await reading.find(platform, list(ids.values()))
            # who was erased and came back by the same reference is in a later generation
            waiting = set()
            for asked, subject in ids.items():
                person = people[subject]
                absent = isinstance(person, Problem) and person.status == 404
                if not (generation and absent):
                    found[asked] = person
                if isinstance(person, Problem) and person.status == 410 and as_id(asked) is None:
                    waiting.add(asked)
            if not waiting:
                break
        return answer({"items": [_item(asked, found[asked]) for asked in body.customers]})

    return routes


def _item(asked: str, found: reading.Person | Problem) -> dict[str, Any]:
    if isinstance(found, Problem):
        return {"asked": asked, "problem": found.members()}
    return {"asked": asked, **shown(found.id, found.state, found.ids)}
