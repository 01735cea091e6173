"""/v1/complaints/{id}/…: the steps by which a complaint is put right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request

from libs.events.doors import Door
from libs.events.service import Platform
from libs.web import bodies as reading
from libs.web.answers import Answered
from libs.web.documents import writes
from libs.web.paths import Id
from libs.web.writing import write
from services.complaints import bodies, doors
from services.complaints.api.complaints import stands, version
from services.complaints.api.shown import Standing

STEPS: tuple[tuple[str, type[bodies.StepBody], Door[Any], str], ...] = (
    ("acknowledgement", bodies.AcknowledgementBody, doors.ACKNOWLEDGED, "The customer was told that it is heard"),
    ("assignment", bodies.AssignmentBody, doors.ASSIGNED, "Somebody answers for it from now on"),
    ("escalation", bodies.EscalationBody, doors.ESCALATED, "It went up to somebody"),
    ("correction", bodies.CorrectionBody, doors.CORRECTED, "It was put right"),
    ("report", bodies.ReportBody, doors.REPORTED, "Customer and management were told why, and what prevents it"),
    ("reopening", bodies.ReopeningBody, doors.REOPENED, "It was not put right after all"),
    ("withdrawal", bodies.WithdrawalBody, doors.WITHDRAWN, "It was taken back"),
)


def router(platform: Platform) -> APIRouter:
    """Routes of steps: a step out of order is 409 with `state` and `possible`."""
    routes = APIRouter(tags=["complaints"])
    for name, body, door, summary in STEPS:
        documented = writes(body, Standing, summary, 404, 410)
        path = f"/v1/complaints/{{complaint}}/{name}"
        routes.add_api_route(path, taking(platform, body, door), methods=["POST"], name=name, **documented)
    return routes


def taking(
    platform: Platform, body: type[bodies.StepBody], door: Door[Any]
) -> Callable[[str, Request], Awaitable[Answered]]:
    """The route of one kind of step."""

    async def take(complaint: Id, request: Request) -> Answered:
        told = await reading.read(request, body)
        # the same model with the path's member: it has been validated
        said = door.body.model_construct(told.model_fields_set | {"complaint"}, **dict(told), complaint=complaint)
        return await write(request, platform, door, said, render=stands, version=version)

    return take
