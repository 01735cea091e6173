"""/v1/segments: people of whom a rule is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, func, select, type_coerce

from libs.events.catalogue.segments import SUBJECT, SegmentDefined
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.bodies import malformed
from libs.web.documents import asks, changes, reads, removes, writes
from libs.web.etags import if_match
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import Id
from libs.web.positions import After, caught_up
from libs.web.problems import Problem, invalid_param
from libs.web.writing import write
from services.profile.domain import rules
from services.profile.domain.judging import because
from services.profile.domain.state import Customer
from services.profile.doors.segments import DEFINED, REMOVED, Defining, PreviewBody, Removing, SegmentBody, SegmentPatch
from services.profile.jobs.segmenting import known_of
from services.profile.projections import segments
from services.profile.projections.customers import customers

LOOKED_AT, SHOWN = 2000, 50


class SegmentShown(BaseModel):
    """A segment; `version` counts its definitions. `members`, how many are in it, is told where one segment is read."""

    id: str
    name: str
    description: str | None
    rule: dict[str, Any]
    vip: bool
    version: int
    members: int | None = None


class SegmentPage(BaseModel):
    """A page of segments."""

    items: list[SegmentShown]
    next_cursor: str | None


class Removed(BaseModel):
    """The segment is no more; its members leave it one by one."""

    id: str
    state: str


class Member(BaseModel):
    """Somebody who is in a segment `since` a moment, and why."""

    customer: str
    since: datetime
    reason: str


class MemberPage(BaseModel):
    """A page of members."""

    items: list[Member]
    next_cursor: str | None


class Definition(BaseModel):
    """How a segment was defined from a moment on, and by whom; `removed`: it was no more from then on."""

    at: datetime
    version: int
    by: str | None
    removed: bool
    name: str | None
    description: str | None
    rule: dict[str, Any] | None


class Definitions(BaseModel):
    """All definitions of a segment, in order."""

    items: list[Definition]
    next_cursor: str | None


class Previewed(BaseModel):
    """Of the customers who were `looked_at` (the newest 2,000 at most, of `all`) how many the rule is true of, and some
    of them, each with why."""

    matched: int
    looked_at: int
    all: int
    items: list[dict[str, str]]


def router(platform: Platform) -> APIRouter:
    """Routes of segments."""
    routes = APIRouter(tags=["segments"])

    @routes.post("/v1/segments", **writes(SegmentBody, SegmentShown, "Define a segment"))
    async def define(request: Request) -> Answered:
        """Who belongs into it enters it in the moments that follow, told by an event each."""
        body = await bodies.read(request, SegmentBody)
        parsed(body.rule)
        defined = SegmentDefined.model_validate(body.model_dump(exclude_unset=True))
        return await write(request, platform, DEFINED, Defining(segment=None, defined=defined), render=rendered)

    @routes.post("/v1/segments/preview", **asks(PreviewBody, Previewed, "Try a rule out"))
    async def preview(request: Request, after: After = None) -> Answered:
        """Nothing is kept."""
        await caught_up(platform, after)
        rule = parsed((await bodies.read(request, PreviewBody)).rule)
        column = customers.c
        everybody = select(column.subject).where(column.listed)
        async with platform.database.read() as reader:
            newest = everybody.order_by(column.created.desc(), column.subject).limit(LOOKED_AT)
            subjects = (await reader.conn.execute(newest)).scalars().all()
            count = (await reader.conn.execute(select(func.count()).select_from(everybody.subquery()))).scalar()
        judged = {subject: because(rule, known) for subject, known in (await known_of(platform, subjects)).items()}
        found = [{"customer": s, "reason": judged[s][1]} for s in subjects if s in judged and judged[s][0]]
        return answer({"matched": len(found), "looked_at": len(judged), "all": count, "items": found[:SHOWN]})

    @routes.get("/v1/segments", **reads(SegmentPage, "List segments in the order in which they were made"))
    async def find_all(cursor: Cursor = None, limit: Limit = USUAL, after: After = None) -> Answered:
        await caught_up(platform, after)
        column = segments.segments.c
        order = (Order(type_coerce(column.created, BigInteger)), Order(column.id))
        async with platform.database.read() as reader:
            found = await page(
                reader.conn, segments.listed(), order, segments.shape, cursor=cursor, limit=limit, name="segments"
            )
        return answer(found)

    @routes.get("/v1/segments/{segment}", **reads(SegmentShown, "One segment", 404))
    async def read(segment: Id, after: After = None) -> Answered:
        await caught_up(platform, after)
        state = await load(segment)
        async with platform.database.read() as reader:
            count = await segments.how_many(reader, segment)
        return answer(shown(segment, state) | {"members": count}, version=state.version, live=True)

    @routes.patch("/v1/segments/{segment}", **changes(SegmentPatch, SegmentShown, "Change a segment"))
    async def change(segment: Id, request: Request) -> Answered:
        """Who no longer belongs into it leaves it, and others enter, in the moments that follow."""
        match = if_match(request)
        patch = await bodies.read(request, SegmentPatch)
        if patch.rule is not None:
            parsed(patch.rule)
        state = await load(segment)
        match.require(state.version)
        assert state.segment
        told = state.segment.defined.model_dump(exclude={"by"}) | patch.model_dump(exclude_unset=True)
        defined = SegmentDefined.model_validate({name: value for name, value in told.items() if value is not None})
        asked = Defining(segment=segment, defined=defined, versions=None if match.any else match.versions)
        return await write(
            request, platform, DEFINED, asked, created=200, render=lambda v: shown(segment, v[0].state),
            version=lambda v: int(v[0].state.version), if_match=match,
        )  # fmt: skip

    @routes.delete("/v1/segments/{segment}", **removes(Removed, "Remove a segment", 404))
    async def remove(segment: Id, request: Request) -> Answered:
        """Its members leave it; what it was stays to be read in its history."""
        await load(segment)
        return await write(
            request, platform, REMOVED, Removing(segment=segment), created=200, version=None,
            render=lambda _: {"id": segment, "state": "removed"},
        )  # fmt: skip

    @routes.get("/v1/segments/{segment}/members", **reads(MemberPage, "Who is in a segment, and why", 404))
    async def find_members(
        segment: Id, cursor: Cursor = None, limit: Limit = USUAL, after: After = None
    ) -> Answered:
        await caught_up(platform, after)
        await load(segment)
        order = (Order(segments.members.c.subject),)
        async with platform.database.read() as reader:
            found = await page(
                reader.conn, segments.within(segment), order, member, cursor=cursor, limit=limit, name="members"
            )
        return answer(found)

    @routes.get("/v1/segments/{segment}/history", **reads(Definitions, "How a segment was defined", 404))
    async def history(segment: Id, after: After = None) -> Answered:
        """Of a segment that was removed, too."""
        await caught_up(platform, after)
        facts = await platform.store.history(SUBJECT + segment)
        if not facts:
            raise unknown()
        return answer({"items": [definition(fact) for fact in facts], "next_cursor": None})

    async def load(segment: str) -> Customer:
        """A segment, from the store. Raises `Problem` (404)."""
        state: Customer = (await platform.store.load([SUBJECT + segment]))[SUBJECT + segment].state
        if state.segment is None or state.segment.removed:
            raise unknown()
        return state

    return routes


def parsed(rule: Any) -> rules.Rule:
    """A rule. Raises `Problem` (422)."""
    try:
        return rules.parse(rule)
    except rules.BadRule as bad:
        raise malformed(invalid_param(f"/rule{bad.pointer}", bad.code, bad.message)) from None


def unknown() -> Problem:
    """The 404."""
    return Problem(404, "unknown_segment", "there is no such segment")


def rendered(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """A segment as a write left it."""
    position = verdicts[0].position
    assert position is not None, "what was accepted stands somewhere"
    return shown(position.subject.removeprefix(SUBJECT), verdicts[0].state)


def shown(segment: str, state: Customer) -> dict[str, Any]:
    """A segment as callers see it."""
    assert state.segment
    return segments.told(segment, state.version, state.segment.defined.model_dump())


def definition(fact: Event) -> dict[str, Any]:
    """One definition as callers see it."""
    told = {name: fact.data.get(name) for name in ("by", "name", "description", "rule")}
    return {"at": fact.time, "version": fact.sequence, "removed": fact.type == "segment.removed", **told}


def member(row: Any) -> dict[str, Any]:
    """A member as callers see it."""
    return {"customer": row.subject, "since": row.since, "reason": row.reason}
