"""/v1/customers/search: customers found by whatever somebody types."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import asks
from libs.web.pages import MOST, USUAL, read_cursor, write_cursor
from libs.web.positions import After, caught_up
from libs.web.problems import invalid
from services.profile.api import reading
from services.profile.api.shown import CustomerShown, shown
from services.profile.domain import fields
from services.profile.projections import finding
from services.profile.search import filters, queries
from services.profile.search.tokens import token
from services.profile.settings import settings

Sort = Literal["-created", "created", "stage", "value_class"]
NEWEST: Sort = "-created"


class SearchBody(filters.Filters):
    """`q`: words of a name by their beginnings, phones, e-mails, references and ids; all of them must be found.
    Capitals, accents and apostrophes do not count. Without `q` the filters alone say who is meant, and without any it
    is everybody. `sort`: the newest first (`-created`), the oldest first, or by stage or value class and within one the
    newest first; there is no order by name, for no name lies in the database to be compared. `total`: say how many."""

    q: Annotated[str, Field(max_length=500)] | None = None
    sort: Sort = NEWEST
    total: bool = False
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL


class Found(BaseModel):
    """A page of customers. A person who is known by several ids is found by what is said of any of them, once. `total`
    and `total_exact` where they were asked for: more than 10,000 are not counted, and 10,000 is told as not exact."""

    items: list[CustomerShown]
    next_cursor: str | None
    total: int | None = None
    total_exact: bool | None = None


def router(platform: Platform) -> APIRouter:
    """Routes of searching."""
    routes = APIRouter(tags=["customers"])

    @routes.post("/v1/customers/search", **asks(SearchBody, Found, "Find customers by whatever is known of them"))
    async def search(request: Request, after: After = None) -> Answered:
        body = await bodies.read(request, SearchBody)
        asked = groups(platform, body)
        if body.custom:
            await declared(platform, body.custom)
        await caught_up(platform, after)
        async with platform.database.read() as reader:
            found, next_cursor = await page(platform, reader, asked, body)
            total = await finding.counted(reader, asked) if body.total and asked else 0
        people = await reading.find(platform, found)
        items = [
            shown(person.id, person.state, person.ids) for subject in found
            # who is not there was erased or merged a moment ago
            if isinstance(person := people[subject], reading.Person) and person.id == subject
        ]  # fmt: skip
        told: dict[str, Any] = {"items": items, "next_cursor": next_cursor}
        if body.total:
            told |= {"total": min(total, finding.COUNTED), "total_exact": total <= finding.COUNTED}
        return answer(told)

    return routes


def groups(platform: Platform, body: SearchBody) -> list[finding.Group]:
    """What is asked for, as tokens; nothing where nobody can be meant. Raises `Problem` (422)."""
    try:
        words = queries.groups(body.q or "", settings().region, platform.identities)
    except queries.TooMuch as refused:
        raise invalid("/q", refused.code, refused.detail) from None
    if not words and (body.q or "").strip():
        return []
    asked = [*words, *filters.groups(body)] or [filters.everyone()]
    secret = platform.identities.secret
    return [frozenset(token(secret, term) for term in group) for group in asked]


async def declared(platform: Platform, keys: Collection[str]) -> None:
    """Raises `Problem` (422) where a custom field is asked for that nobody declared: it would find nobody."""
    known = (await platform.store.load([fields.SUBJECT]))[fields.SUBJECT].state.fields
    if not set(keys) <= known.keys():  # its name is the caller's, and not repeated
        raise invalid("/custom", "unknown_field", "a custom field is not declared")


async def page(
    platform: Platform, reader: Reader, asked: Sequence[finding.Group], body: SearchBody
) -> tuple[list[str], str | None]:
    """The persons of a page, and where the next one begins. A list by stage or class is the lists of all stages or
    classes, one after another."""
    descending = body.sort != "created"
    values = filters.SORTED.get(body.sort, (None,))
    name = f"search {body.sort} {digest(asked)}"
    part, beyond = cursor(body.cursor, name) if body.cursor else (0, None)
    found: list[tuple[int, str, int]] = []
    for number in range(part, len(values) if asked else 0):
        more = [frozenset({token(platform.identities.secret, filters.term(body.sort, values[number]))})]
        rows = await finding.page(
            reader, [*asked, *(more if body.sort in filters.SORTED else ())], beyond=beyond, descending=descending,
            limit=body.limit + 1 - len(found),
        )  # fmt: skip
        found += [(number, subject, place) for subject, place in rows]
        beyond = None
        if len(found) > body.limit:
            last, _, place = found[body.limit - 1]
            return [subject for _, subject, _ in found[: body.limit]], write_cursor([last, place], name)
    return [subject for _, subject, _ in found], None


def cursor(given: str, name: str) -> tuple[int, int]:
    """Which of the lists, and the place in it. Raises `Problem` (422)."""
    part, beyond = read_cursor(given, (int, int), name, where="")
    return part, beyond


def digest(asked: Sequence[finding.Group]) -> str:
    """Tells questions apart, so that no page is asked for with another question's cursor; nothing of them is in it."""
    return hashlib.sha256(repr(sorted(sorted(group) for group in asked)).encode()).hexdigest()[:16]
