"""/v1/promises: what was promised, by whom, and whether it was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request

from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.events.units import Verdict
from libs.web import bodies, documents
from libs.web.answers import Answered
from libs.web.paths import Id
from libs.web.positions import After
from libs.web.writing import write
from services.care.api.lists import CustomerParam, Items, Paged, TextParam, listing, newest_first, one
from services.care.api.shapes import KeptPromise, Page, PromiseShape
from services.care.bodies import KeptBody, KeptEvent
from services.care.doors import KEPT
from services.care.projections import promises
from services.care.projections.rows import Row

KEEP = documents.writes(KeptBody, KeptPromise, "Keep a promise", 404, 410, created=200, optional=True)


def router(platform: Platform) -> APIRouter:
    """Routes of promises."""
    routes = APIRouter(tags=["promises"])

    @routes.post("/v1/promises/{promise}/kept", **KEEP)
    async def keep(promise: Id, request: Request) -> Answered:
        """A promise was kept; late if after it was due. Kept once, it stays kept."""
        empty = not await bodies.read_raw(request)
        body = KeptBody() if empty else await bodies.read(request, KeptBody)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            return {"id": promise, "state": "kept"}

        kept = KeptEvent(promise=promise, at=body.at)
        return await write(request, platform, KEPT, kept, render=render, created=200, version=None)

    @routes.get("/v1/promises", **documents.reads(Page[PromiseShape], "List promises", 410))
    async def find(
        paging: Paged,
        customer: CustomerParam = None,
        state: Literal["open", "kept", "broken"] | None = None,
        owner: TextParam = None,
        staff: TextParam = None,
        department: TextParam = None,
        touchpoint: TextParam = None,
    ) -> Answered:
        """Promises, newest first."""
        equal = {"state": state, "owner": owner, "staff": staff, "department": department, "touchpoint": touchpoint}
        columns = promises.promises.c

        async def finish(reader: Reader, items: Items) -> None:
            opener = await platform.store.opener({item["customer"] for item in items})
            for item in items:
                item["what"] = opener.open(item["customer"], "what", item["what"])

        return await listing(
            platform, paging, customer, lambda subjects: promises.listed(subjects, **equal),
            newest_first(columns.at, columns.id), _shown, "promises", finish,
        )  # fmt: skip

    @routes.get("/v1/promises/{promise}", **documents.reads(PromiseShape, "Read a promise", 404, 410))
    async def read(promise: Id, after: After = None) -> Answered:
        """One promise."""
        return await one(platform, f"promise:{promise}", promises.changes, _shown, after)

    return routes


def _shown(row: Row) -> dict[str, Any]:
    return promises.shown(row, promises.leaf(row))
