"""What programs and people look up: schemas of events, the AsyncAPI document, and the vocabulary with its labels."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from libs.events.catalogue import TOPICS, UnknownType, all_types
from libs.events.catalogue.asyncapi import asyncapi
from libs.events.catalogue.schemas import INBOUND_VERSION, bare, fact_schema, inbound_schema
from libs.events.catalogue.vocabulary import VOCABULARY
from libs.events.service import Definition
from libs.web import documents
from libs.web.answers import Answered, to_json
from libs.web.exchange import header
from libs.web.problems import Problem

_DAY = b"public, max-age=86400"
TypeName = Annotated[str, Path(max_length=100, description="An event type, with or without `careledger.`.")]
Version = Annotated[int, Path(ge=1, le=1000, description="The version of its data.")]


class Fixed:
    """An answer that is the same until the next release, with its entity tag."""

    def __init__(self, value: Any) -> None:
        self.body = to_json(value)
        self.etag = b'"%s"' % hashlib.sha256(self.body).hexdigest()[:16].encode()

    def respond(self, request: Request) -> Response:
        """The answer, or 304 where the caller has it."""
        headers = [(b"etag", self.etag), (b"cache-control", _DAY)]
        if self.etag in (header(request.scope, b"if-none-match") or b""):
            unchanged = Response(status_code=304)
            unchanged.raw_headers = headers
            return unchanged
        return Answered(self.body, 200, headers)


def reference_router(definition: Definition) -> APIRouter:
    """The routes: every fact's schema, the schemas of what this service's doors take, and the documents."""
    router = APIRouter(tags=["reference"])
    doors = {door.event: door.body for door in definition.doors if door.event}
    inbound = cache(lambda: {(n, INBOUND_VERSION): Fixed(inbound_schema(n, body)) for n, body in doors.items()})
    topics = cache(lambda: Fixed(asyncapi({definition.name: doors} if doors else None)))

    schema = documents.reads(dict[str, Any], "JSON Schema of an event's data", 404)

    @router.get("/v1/schemas/events/{type}/{version}", **schema)
    async def fact(request: Request, type: TypeName, version: Version) -> Response:
        return _found(_facts(), type, version).respond(request)

    @router.get("/v1/schemas/inbound/{type}/{version}", **schema)
    async def heard(request: Request, type: TypeName, version: Version) -> Response:
        return _found(inbound(), type, version).respond(request)

    @router.get("/v1/asyncapi", **documents.reads(dict[str, Any], "AsyncAPI document of the topics"))
    async def document(request: Request) -> Response:
        return topics().respond(request)

    labels = documents.reads(dict[str, dict[str, dict[str, str]]], "Every code with its labels")

    @router.get("/v1/vocabulary", **labels)
    async def vocabulary(request: Request) -> Response:
        return _words().respond(request)

    return router


# made when they are first asked for: a service should not wait for them to start
@cache
def _facts() -> dict[tuple[str, int], Fixed]:
    return {(k.name, k.version): Fixed(fact_schema(k.name, k.version)) for k in all_types()}


@cache
def _words() -> Fixed:
    return Fixed(VOCABULARY)


def _found(known: dict[tuple[str, int], Fixed], type: str, version: int) -> Fixed:
    found = known.get((bare(type), version))
    if found is None:
        raise Problem(404, "unknown_type", "there is no such event type or version")
    return found


def service_of(name: str) -> str | None:
    """The service that tells, and hears of, an event type; None where nobody does."""
    try:
        topic = next(k.topic for k in all_types() if k.name == bare(name))
    except (StopIteration, UnknownType):
        return None
    return next(service for service, own in TOPICS.items() if own == topic)
