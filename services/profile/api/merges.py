"""/v1/merges: two ids said to be one person, looked at beforehand, listed, and taken back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, type_coerce

from libs.events.catalogue.customers import CustomerMerged, Side
from libs.events.service import Platform
from libs.events.units import Position
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import CustomerFilter, Id
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.remembering import once
from libs.web.writing import write
from services.profile.api import reading
from services.profile.domain.comparing import differences
from services.profile.domain.merging import merge_name
from services.profile.doors.merges import MERGED, UNMERGED, MergeBody, Merging, UndoBody, Undoing
from services.profile.projections import merges
from services.profile.search.likeness import form_of
from services.profile.settings import settings


class MergeShown(BaseModel):
    """A merge: `merged` was said to be `survivor` at `at`; `choices`: whose value counts for a field."""

    id: str
    survivor: str
    merged: str
    choices: dict[str, Side]
    at: datetime
    state: Literal["merged", "undone"]
    undone_at: datetime | None


class DifferenceShown(BaseModel):
    """A field in which the two records differ, and what it becomes; `side`: whose value that is (null: both have a part
    in it)."""

    field: str
    survivor: Any
    merged: Any
    becomes: Any
    side: Side | None


class Preview(BaseModel):
    """What a merge would make of the surviving record."""

    changes: list[DifferenceShown]


PATIENCE = timedelta(seconds=2)


class MergePage(BaseModel):
    """A page of merges."""

    items: list[MergeShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of merges."""
    routes = APIRouter(tags=["merges"])

    @routes.post("/v1/merges", **writes(MergeBody, MergeShown | Preview, "Two customers are one person", 404))
    async def merge(request: Request) -> Answered:
        """409 with itself, within one person, or with somebody who was erased. With `dry_run` 200 `{changes}`."""
        body = await bodies.read(request, MergeBody)
        return await (preview(body) if body.dry_run else once(request, lambda: perform(request, body)))

    async def perform(request: Request, body: MergeBody) -> Answered:
        survivor, merged = await both(platform, body)
        asked = Merging(survivor=survivor.id, merged=merged.id, choices=body.choices or {}, at=body.at)
        return await once_seen(platform, await write(
            request, platform, MERGED, asked, version=None,
            render=lambda verdicts: shown_fact(verdicts[-1].events[0].subject, verdicts[-1].events[0]),
        ))  # fmt: skip

    async def preview(body: MergeBody) -> Answered:
        survivor, merged = await both(platform, body)
        at = body.at or platform.clock.now()
        found = differences(
            survivor.person.state, merged.person.state, body.choices or {}, at, form_of(settings().region)
        )
        return answer({"changes": [asdict(each) for each in found]})

    undoing = writes(UndoBody, MergeShown, "Take a merge back", 404, 410, created=200, optional=True)

    @routes.post("/v1/merges/{merge}/undo", **undoing)
    async def undo(merge: Id, request: Request) -> Answered:
        """What either id heard meanwhile stays with the id that it was told of. Twice is 409."""
        body = await bodies.read(request, UndoBody) if await bodies.read_raw(request) else UndoBody()
        known = await find(merge)
        return await once_seen(platform, await write(
            request, platform, UNMERGED, Undoing(merge=merge, at=body.at), customer=known["merged"], created=200,
            version=None,
            render=lambda verdicts: known | {"state": "undone", "undone_at": verdicts[0].events[0].time},
        ))  # fmt: skip

    @routes.get("/v1/merges/{merge}", **reads(MergeShown, "One merge", 404))
    async def read(merge: Id, after: After = None) -> Answered:
        await caught_up(platform, after)
        return answer(await find(merge))

    @routes.get("/v1/merges", **reads(MergePage, "List merges in the order in which they were recorded", 404, 410))
    async def find_all(
        customer: CustomerFilter = None, cursor: Cursor = None, limit: Limit = USUAL, after: After = None
    ) -> Answered:
        """Of a customer: those at any id of the person, and those that were undone."""
        await caught_up(platform, after)
        subjects = None
        if customer:
            person = await reading.find_one(platform, customer)
            subjects = {customer, person.id, *person.ids}
        column = merges.merges.c
        order = (Order(type_coerce(column.recorded, BigInteger)), Order(column.merge))
        async with platform.database.read() as reader:
            return answer(
                await page(
                    reader.conn, merges.listed(subjects), order, merges.shape, cursor=cursor, limit=limit, name="merges"
                )
            )

    async def find(merge: str) -> dict[str, Any]:
        """A merge, from the store. Raises `Problem` (404)."""
        name = merge_name(merge)
        position = (await platform.store.find([name])).get(name)
        if position is None:
            raise Problem(404, "unknown_merge", "there is no such merge")
        told, undone = None, None
        for event in await platform.store.history(position.subject, position.sequence - 1):
            if event.data.get("merge") == merge:
                told, undone = (event, undone) if event.type == "customer.merged" else (told, event.time)
        assert told, "the name was given by the fact"
        return shown_fact(position.subject, told, undone)

    return routes


async def once_seen(platform: Platform, answered: Answered) -> Answered:
    """The answer, once the views know who is whom: the next that anybody does is to look at the person, and which ids
    that is, only views tell. It is given all the same where they take long."""
    for name, token in answered.raw_headers:
        if name == b"event-position":
            await platform.progress.caught_up(Position.parse(token.decode()), PATIENCE)
    return answered


def shown_fact(subject: str, event: Any, undone: datetime | None = None) -> dict[str, Any]:
    """A merge as its fact tells it."""
    data = CustomerMerged.model_validate(event.data)
    return merges.told(data.merge, subject, data.survivor, data.choices or {}, event.time, undone)


async def both(platform: Platform, body: MergeBody) -> tuple[reading.Named, reading.Named]:
    """Who is to be merged. Raises `Problem`: 404 unknown, 409 where they cannot be."""
    found = await reading.find_named(platform, {body.survivor, body.merged})
    survivor, merged = found[body.survivor], found[body.merged]
    for named in (survivor, merged):
        if isinstance(named.found, Problem):
            erased = named.found.status == 410
            raise Problem(409, "erased", "one of these customers was erased") if erased else named.found
    if survivor.id == merged.id:
        raise Problem(409, "same_customer", "a customer is not merged with itself")
    if survivor.person.id == merged.person.id:
        raise Problem(409, "same_person", "these are one person already")
    return survivor, merged
