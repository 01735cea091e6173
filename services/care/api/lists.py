"""What all of care's lists and single things have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy import BigInteger, ColumnElement, Select, type_coerce

from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.web.answers import Answered, answer
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import CustomerFilter
from libs.web.positions import After, caught_up, position_of
from libs.web.problems import Problem
from services.care.projections.people import PEOPLE
from services.care.projections.rows import Changes, Erased, Row, read_one

CustomerParam = CustomerFilter
TextParam = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Paging:
    """The parameters that every list takes."""

    cursor: Cursor = None
    limit: Limit = USUAL
    after: After = None


Paged = Annotated[Paging, Depends(Paging)]
Items = list[dict[str, Any]]


def newest_first(moment: ColumnElement[Any], identity: ColumnElement[Any]) -> tuple[Order, Order]:
    """The usual order of a list. Cursors carry the moment as the number that the database keeps."""
    return Order(type_coerce(moment, BigInteger), descending=True), Order(identity)


def soonest_first(moment: ColumnElement[Any], identity: ColumnElement[Any]) -> tuple[Order, Order]:
    """The order of a list of what is to be done."""
    return Order(type_coerce(moment, BigInteger)), Order(identity)


async def listing(
    platform: Platform,
    paging: Paging,
    customer: str | None,
    query: Callable[[Sequence[str] | None], Select[Any]],
    order: Sequence[Order],
    shown: Callable[[Row], dict[str, Any]],
    name: str,
    finish: Callable[[Reader, Items], Any] | None = None,
) -> Answered:
    """One page: all that the person `customer` stands for has, under the id that answers for them today."""
    await caught_up(platform, paging.after)
    async with platform.database.read() as reader:
        subjects = await whole_person(platform, reader, customer) if customer else None
        found = await page(
            reader.conn, query(subjects), order, lambda row: shown(dict(row._mapping)),
            cursor=paging.cursor, limit=paging.limit, name=name,
        )  # fmt: skip
        if finish:
            await finish(reader, found["items"])
        await name_people(reader, found["items"])
    return answer(found)


async def whole_person(platform: Platform, reader: Reader, customer: str) -> list[str]:
    """All subjects of a customer. Raises `Problem` (410) where they were erased."""
    if (await platform.store.load([customer]))[customer].erased_before is not None:
        raise erased()
    return await PEOPLE.person(reader, customer)


async def name_people(reader: Reader, items: Items) -> None:
    """Puts the id that answers today in place of each subject; nobody's in place of the anonymous ones."""
    subjects = {item["customer"] for item in items if item.get("customer")}
    answering = await PEOPLE.survivors(reader, {s for s in subjects if not s.startswith("anonymous:")})
    for item in items:
        if "customer" in item:
            item["customer"] = answering.get(item["customer"])


async def one(
    platform: Platform, name: str, changes: Changes, shown: Callable[[Row], dict[str, Any]], after: str | None
) -> Answered:
    """One thing as it stands now, whatever the views have seen. Raises `Problem` (404; 410 after erasure)."""
    await seen(platform, after)
    try:
        row = await read_one(platform.store, name, changes)
    except Erased:
        raise erased() from None
    if row is None:
        raise unknown()
    item = shown(row)
    async with platform.database.read() as reader:
        await name_people(reader, [item])
    return answer(item)


async def seen(platform: Platform, after: str | None) -> None:
    """Waits for `after` where it must: what is read from the store itself includes every write of this service."""
    if after is None or position_of(after).service != platform.service:
        await caught_up(platform, after)


def unknown() -> Problem:
    """The 404."""
    return Problem(404, "not_found", "there is nothing here")


def erased() -> Problem:
    """The 410."""
    return Problem(410, "erased", "this customer was erased")
