"""/v1/complaints: spotted, read and listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import BigInteger, type_coerce

from libs.events.catalogue.complaints import Severity
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import CustomerFilter, Id
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.writing import write
from services.complaints.api import reading
from services.complaints.api.shown import ComplaintPage, ComplaintShown, Standing, met, standing, whole
from services.complaints.bodies import SpotBody
from services.complaints.domain.machine import State
from services.complaints.doors import SPOTTED
from services.complaints.projections import complaints
from services.complaints.projections.people import PEOPLE


def router(platform: Platform) -> APIRouter:
    """Routes of complaints."""
    routes = APIRouter(tags=["complaints"])

    @routes.post("/v1/complaints", **writes(SpotBody, Standing, "Dissatisfaction was noticed", 410))
    async def spot(request: Request) -> Answered:
        """The same `ref` again is the same complaint: 200."""
        body = await bodies.read(request, SpotBody)

        def spotted(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            # A complaint known by its reference lives on the customer whom it was first told of. Should somebody else
            # have told of it for the first time just now, the state at hand is not that customer's.
            if body.ref and verdicts[0].state.find(body.ref) is None:
                raise Problem(409, "try_again", "somebody spotted the same a moment ago; try again")
            return stands(verdicts)

        return await write(request, platform, SPOTTED, body, render=spotted, version=version)

    @routes.get("/v1/complaints", **reads(ComplaintPage, "List complaints, the newest first", 410))
    async def find(
        state: Annotated[State | None, Query()] = None,
        severity: Annotated[Severity | None, Query()] = None,
        owner: Annotated[str | None, Query(max_length=200)] = None,
        customer: CustomerFilter = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
        after: After = None,
    ) -> Answered:
        await caught_up(platform, after)
        if customer:
            await reading.not_erased(platform, customer)
        column = complaints.complaints.c
        order = (Order(type_coerce(column.spotted_at, BigInteger), descending=True), Order(column.id))
        async with platform.database.read() as reader:
            subjects = await PEOPLE.person(reader, customer) if customer else None
            query = complaints.listed(subjects, state=state, severity=severity, owner=owner)
            found = await page(
                reader.conn, query, order, lambda row: complaints.shown(dict(row._mapping)),
                cursor=cursor, limit=limit, name="complaints",
            )  # fmt: skip
            about = {item["customer"] for item in found["items"] if item["customer"]}
            answering = await PEOPLE.survivors(reader, about)
            known = await PEOPLE.value_classes(reader, set(answering.values()))
        for item in found["items"]:
            item["customer"] = answering.get(item["customer"])
            item["value_class"] = known.get(item["customer"] or "")
        return answer(found)

    @routes.get("/v1/complaints/{complaint}", **reads(ComplaintShown, "One complaint with its history", 404, 410))
    async def read(complaint: Id, after: After = None) -> Answered:
        await caught_up(platform, after)
        subject, found = await reading.find(platform, complaint)
        shown = whole(found, subject)
        async with platform.database.read() as reader:
            shown["customer"] = (await PEOPLE.survivors(reader, [subject]))[subject] if shown["customer"] else None
        return answer(shown, version=found.version, live=shown["customer"] not in (subject, None))

    return routes


def stands(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The answer of spotting and of every step."""
    complaint, position = met(verdicts), verdicts[0].position
    assert complaint is not None, "what was accepted belongs to a complaint"
    assert position is not None, "what was accepted stands somewhere"
    return standing(complaint, position.subject)


def version(verdicts: Sequence[Verdict]) -> int | None:
    """The complaint's version, for `ETag`."""
    complaint = met(verdicts)
    return complaint.version if complaint else None
