"""/v1/customers/imports: what came by which import, and taking one back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, Row, select, type_coerce

from libs.events.service import Platform
from libs.events.values import Body
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.exchange import exchange
from libs.web.pages import USUAL, Cursor, Limit, Order, page, read_cursor, write_cursor
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.remembering import once
from services.profile.jobs.importing import Reason, take_back
from services.profile.projections.imports import COUNTS, imports, of_import

AT_ONCE = 200
ImportName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$", max_length=100)]


class ImportShown(BaseModel):
    """An import by its name: how many records it opened and changed, purchases and merges it brought, and how many
    facts have taken any of that back."""

    id: str
    first: datetime
    last: datetime
    recorded: int
    updated: int
    purchased: int
    merged: int
    taken_back: int


class ImportPage(BaseModel):
    """A page of imports."""

    items: list[ImportShown]
    next_cursor: str | None


class UndoImportBody(Body):
    """With `dry_run` nothing is done, and the answer tells what would be. `cursor`: where the answer before ended."""

    dry_run: bool = False
    cursor: Annotated[str, Field(min_length=1, max_length=2000)] | None = None


class StayShown(BaseModel):
    """A field that stays as it is, and the code of the reason."""

    field: str
    reason: Reason


class TakenBackShown(BaseModel):
    """What became of one customer. `withdrawn`: nothing else was known, so there is no such customer any more;
    `restored`: members that are again what they were; `kept`: members that were stated anew since, and stay. `stays`:
    what is as the import had it, and why: `stated_since`; `names_the_customer` (the reference that their id is made
    of); `told_by_others` (the stage, by what else happened)."""

    customer: str
    withdrawn: bool
    restored: list[str]
    kept: list[str]
    orders: int
    refunds: int
    merges: int
    stays: list[StayShown]


class Undone(BaseModel):
    """What was taken back, customer by customer; with a `next_cursor` there are more to come: ask again with it."""

    items: list[TakenBackShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of imports."""
    routes = APIRouter(tags=["imports"])

    @routes.get("/v1/customers/imports", **reads(ImportPage, "List imports in the order in which they began"))
    async def find_all(cursor: Cursor = None, limit: Limit = USUAL, after: After = None) -> Answered:
        """An import is made of events that name it: the CloudEvents attribute `importid`."""
        await caught_up(platform, after)
        column = imports.c
        order = (Order(type_coerce(column.first, BigInteger)), Order(column["import"]))
        async with platform.database.read() as reader:
            found = await page(
                reader.conn, select(imports), order, shown, cursor=cursor, limit=limit, name="imports"
            )  # fmt: skip
        return answer(found)

    undoing = writes(UndoImportBody, Undone, "Take an import back", 404, created=200, optional=True)

    @routes.post("/v1/customers/imports/{name}/undo", **undoing)
    async def undo(name: ImportName, request: Request, after: After = None) -> Answered:
        """What it stated is unsaid where nothing newer was said, references and the stage among it; orders are refunded
        in full, refunds given back, their numbers free again; merges undone. Facts stay, and what was changed since is
        kept and told. 200 customers at a time."""
        await caught_up(platform, after)
        body = await bodies.read(request, UndoImportBody) if await bodies.read_raw(request) else UndoImportBody()
        if body.dry_run:
            return await perform(request, name, body)
        return await once(request, lambda: perform(request, name, body))

    async def perform(request: Request, name: str, body: UndoImportBody) -> Answered:
        (begin,) = read_cursor(body.cursor, (str,), "undo", where="") if body.cursor else ("",)
        async with platform.database.read() as reader:
            known = (await reader.conn.execute(select(imports.c["import"]).where(imports.c["import"] == name))).first()
            subjects = list((await reader.conn.execute(of_import(name, begin, AT_ONCE + 1))).scalars())
        if known is None:
            raise Problem(404, "unknown_import", "there is no such import")
        more, subjects = len(subjects) > AT_ONCE, subjects[:AT_ONCE]
        by = exchange(request.scope).caller
        done = await take_back(platform, name, subjects, by=by, dry_run=body.dry_run)
        cursor = write_cursor((subjects[-1],), "undo") if more else None
        return answer({"items": [asdict(each) for each in done], "next_cursor": cursor})

    return routes


def shown(row: Row[Any]) -> dict[str, Any]:
    """An import as callers see it."""
    told = row._mapping
    return {"id": told["import"], "first": told["first"], "last": told["last"], **{n: told[n] for n in COUNTS}}

