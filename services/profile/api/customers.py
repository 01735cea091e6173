"""/v1/customers: the records, made, changed, read and listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import BigInteger, select, type_coerce

from libs.events.catalogue.customers import Kind, Stage, ValueClass
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import changes, reads, writes
from libs.web.etags import if_match
from libs.web.pages import USUAL, Cursor, Limit, Order, page
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.times import AsOf
from libs.web.writing import write
from services.profile.api import history, reading
from services.profile.api.shown import (
    CustomerPage,
    CustomerShown,
    UpsertShown,
    created,
    record_version,
    shown,
    written,
)
from services.profile.doors.bodies import NewBody, PatchBody, RecordedBody, UpsertBody
from services.profile.doors.records import CHANGED, NEW, RECORDED, Change
from services.profile.projections import customers
from services.profile.projections.segments import members

Code = Annotated[str | None, Query(max_length=200)]


def router(platform: Platform) -> APIRouter:
    """Routes of customer records."""
    routes = APIRouter(tags=["customers"])

    @routes.post("/v1/customers", **writes(NewBody, CustomerShown, "Record a new customer", 410))
    async def record(request: Request) -> Answered:
        """The same customer again, by a reference, is 200; with another record it is 409 and upsert is meant."""
        body = await bodies.read(request, NewBody)
        return await write(request, platform, NEW, body, render=written, version=record_version)

    @routes.post("/v1/customers/upsert", **writes(UpsertBody, UpsertShown, "Make or change a customer by ref", 410))
    async def upsert(request: Request) -> Answered:
        """Changes only the members that are present. A reference that was merged in stands for the surviving
        customer, whom the answer shows, as in reading."""
        body = await bodies.read(request, UpsertBody)
        # the same members in the form that events have: they have been validated
        said = RecordedBody.model_construct(set(body.model_fields_set), **dict(body))
        named = (await reading.find_named(platform, [body.ref]))[body.ref]
        before = named.found if isinstance(named.found, reading.Person) and named.found.ids else None

        def is_new(verdicts: Sequence[Verdict]) -> bool:
            return created(verdicts) and (before is None or before.state.bare)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            state = verdicts[0].state
            one = shown(before.id, before.having(named.id, state), before.ids) if before else written(verdicts)
            return one | {"created": is_new(verdicts)}

        def version(verdicts: Sequence[Verdict]) -> int | None:
            return before.version_having(named.id, verdicts[0].state) if before else record_version(verdicts)

        return await write(
            request, platform, RECORDED, said, render=render, version=version,
            status_of=lambda verdicts: 201 if is_new(verdicts) else 200,
        )  # fmt: skip

    @routes.get("/v1/customers", **reads(CustomerPage, "List customers, in the order in which they came to be known"))
    async def find(
        stage: Annotated[Stage | None, Query()] = None,
        value_class: Annotated[ValueClass | None, Query()] = None,
        owner: Code = None,
        kind: Annotated[Kind | None, Query()] = None,
        source: Code = None,
        department: Code = None,
        vip: Annotated[bool | None, Query()] = None,
        segment: Annotated[str | None, Query(max_length=100, description="In this segment (an id).")] = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
        after: After = None,
    ) -> Answered:
        await caught_up(platform, after)
        query = customers.listed(
            vip, stage=stage, value_class=value_class, owner=owner, kind=kind, source=source, department=department
        )
        column = customers.customers.c
        if segment is not None:
            query = query.where(column.subject.in_(select(members.c.subject).where(members.c.segment == segment)))
        order = (Order(type_coerce(column.created, BigInteger)), Order(column.subject))
        async with platform.database.read() as reader:
            found = await page(
                reader.conn, query, order, lambda row: dict(row._mapping), cursor=cursor, limit=limit, name="customers"
            )
        return answer({**found, "items": await named(platform, found["items"])})

    @routes.get("/v1/customers/{customer}", **reads(CustomerShown, "One customer", 404, 410))
    async def read(customer: CustomerId, as_of: AsOf = None, after: After = None) -> Answered:
        """A merged id answers with the surviving person. As of any moment: what had happened by then, as known now."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        if as_of is not None:
            return answer(shown(person.id, await history.as_of(platform, person, as_of), person.ids))
        return answer(shown(person.id, person.state, person.ids), version=person.version, live=bool(person.ids))

    @routes.patch("/v1/customers/{customer}", **changes(PatchBody, CustomerShown, "Change a record", 410))
    async def change(customer: CustomerId, request: Request) -> Answered:
        """A JSON merge patch: null clears a member. A merged id stands for the surviving record, as in reading."""
        match = if_match(request)
        patch = await bodies.read(request, PatchBody)
        person = await reading.find_one(platform, customer)
        match.require(person.version)
        others = person.version - person.own.version

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            return shown(person.id, person.having(person.id, verdicts[0].state), person.ids)

        def version(verdicts: Sequence[Verdict]) -> int:
            return (record_version(verdicts) or 0) + others

        versions = None if match.any else frozenset({person.own.version})
        asked = Change(patch=patch, versions=versions, seen=person.seen, across=person.merges)
        return await write(
            request, platform, CHANGED, asked, customer=person.id, path={"id": person.id}, render=render, created=200,
            version=version, if_match=match,
        )  # fmt: skip

    return routes


async def named(platform: Platform, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Listed rows with all that is known of them; what they were filtered by stays as the list has it."""
    people = await reading.find(platform, [row["subject"] for row in rows])
    items = []
    for row in rows:
        person = people[row["subject"]]
        if isinstance(person, reading.Person) and person.id == row["subject"]:  # else erased or merged a moment ago
            items.append(shown(person.id, person.state, person.ids) | {name: row[name] for name in customers.FILTERS})
    return items
