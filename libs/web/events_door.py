"""Events over HTTP: `POST /v1/events/<name>` takes them as the inbound topic does, `GET` tells what became of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from libs.events.strict_json import NotStrict
from libs.web import documents
from libs.web.answers import Answered, answer
from libs.web.bodies import not_strict, raw_of
from libs.web.bulk import Results, refusal
from libs.web.cloudevents import BATCH, MOST_EVENTS, STRUCTURED, oversize, read_events, too_large
from libs.web.problems import Problem
from libs.web.remembering import once

NAMES = {"profile": ("customers", "profile"), "care": ("care",), "complaints": ("complaints",)}
"""Under which names each service takes events: its topic's, and its own."""


class EventsInbox(Protocol):
    """What takes events for one service."""

    async def take(self, events: Sequence[dict[str, Any]], dry_run: bool) -> list[dict[str, Any]]:
        """Takes events in order; answers a bulk result for each (`{status, id?, position?, problem?}`).

        With `dry_run` nothing is kept. A malformed event is told as *invalid*, and not quarantined.
        """
        ...

    async def status(self, source: str, id: str) -> dict[str, Any]:
        """What became of the event of this source and id: `{status, position?, reason?}`."""
        ...


class CloudEvent(BaseModel):
    """An event: its `data` is the body of the call that does the same.

    Told loosely, since the door takes any object: what is wrong with an event stands in its result.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [{
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "careledger.customer.purchased",
        "subject": "pos:12345", "time": "2026-03-02T11:00:00Z",
        "data": {"order": "o-1", "amount": {"amount": "10.00", "currency": "USD"}},
    }]})  # fmt: skip

    specversion: Annotated[Any, Field(description="`1.0`.")] = None
    id: Annotated[Any, Field(description="The publisher's id of the event, unique within `source`.")] = None
    source: Annotated[Any, Field(description="Who publishes.")] = None
    type: Annotated[Any, Field(description="`careledger.` and the name of the event.")] = None
    subject: Annotated[Any, Field(description="The customer: an id, or a reference `system:key`.")] = None
    time: Annotated[Any, Field(description="When it happened, RFC 3339.")] = None
    data: Annotated[Any, Field(description="See `/v1/schemas/inbound/{type}/{version}`.")] = None


Batch = Annotated[list[Any], Field(max_length=MOST_EVENTS, description="Up to 1,000 events.")]


class EventStatus(BaseModel):
    """What became of a published event."""

    status: Literal["appended", "parked", "quarantined", "unknown"]
    position: str | None = None
    reason: str | None = None


DryRun = Annotated[bool, Query(description="Tell what would become of the events, and keep nothing.")]
Source = Annotated[str, Query(min_length=1, max_length=1000, description="The event's `source`.")]
EventId = Annotated[str, Query(min_length=1, max_length=1000, description="The event's `id`.")]


def events_router(service: str, inbox: EventsInbox) -> APIRouter:
    """The routes of one service, under each of its names."""
    router = APIRouter(tags=["events"])
    for nth, name in enumerate(NAMES[service]):
        _routes(router, name, inbox, shown=not nth)
    return router


def _routes(router: APIRouter, name: str, inbox: EventsInbox, shown: bool) -> None:
    posting = documents.asks(CloudEvent, Results, "Takes one event or a batch")
    # an event's key is its source and id: sent again, it is told as *already*
    posting["openapi_extra"] = documents.Extra({}, {STRUCTURED: CloudEvent, BATCH: Batch})

    @router.post(f"/v1/events/{name}", include_in_schema=shown, name=f"publish_{name}", **posting)
    async def publish(request: Request, dry_run: DryRun = False) -> Response:
        async def results() -> Answered:
            told = await take(inbox, await read_events(request), len(raw_of(request.scope)), dry_run)
            position = next((r["position"] for r in reversed(told) if r.get("position")), None)
            headers = [(b"event-position", position.encode("ascii"))] if position and not dry_run else []
            return answer({"results": told}, headers=headers)

        return await results() if dry_run else await once(request, results)

    reading = documents.reads(EventStatus, "Tells what became of an event")

    @router.get(f"/v1/events/{name}", include_in_schema=shown, name=f"event_status_{name}", **reading)
    async def status(source: Source, id: EventId) -> Response:
        return answer(await inbox.status(source, id))


async def take(inbox: EventsInbox, events: Sequence[Any], size: int, dry_run: bool) -> list[dict[str, Any]]:
    """Hands on what can be an event, and tells of the rest where it stood; `size` is that of the whole request."""
    results: list[dict[str, Any]] = [{}] * len(events)
    fit: list[int] = []
    for i, event in enumerate(events):
        if isinstance(event, NotStrict):
            results[i] = refusal(i, "invalid", not_strict(event))
        elif not isinstance(event, dict):
            results[i] = refusal(i, "invalid", Problem(422, "not_an_event", "an event is an object"))
        elif too_large(event, size):
            results[i] = refusal(i, "invalid", oversize())
        else:
            fit.append(i)
    told = await inbox.take([events[i] for i in fit], dry_run) if fit else []
    for i, result in zip(fit, told, strict=True):
        results[i] = {**result, "index": i}
    return results
