"""/v1/customers/{id}/contacts: every way to reach a customer, one by one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from libs.events.clock import new_id
from libs.events.identities import uuid_v8
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.events.values import Moment
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import changes, reads, removes, writes
from libs.web.etags import IfMatch, if_match
from libs.web.paths import CustomerId, Id
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.refusals import STALE
from libs.web.remembering import once
from libs.web.times import AsOf
from libs.web.writing import caller_of, write
from services.profile.api import history, reading
from services.profile.api.shown import record_version
from services.profile.domain import contacts
from services.profile.domain.contacts import Contact, Kind, Naming
from services.profile.doors.contacts import REACHED, ContactBody, ContactPatch, Reaching, check
from services.profile.search.likeness import flags
from services.profile.settings import settings

ROUNDS = 5
"""How often a change is made anew where the record keeps changing under it."""
Members = Callable[[list[Contact]], dict[str, Any]]


class ContactShown(BaseModel):
    """A way to reach a customer. `flags`: it is kept as it was given though nobody can be reached by it."""

    id: str
    kind: Kind
    value: str
    label: str | None
    primary: bool
    verified: bool
    role: str | None
    phone: str | None
    email: str | None
    flags: list[Literal["bad_phone", "bad_email"]]


class ContactPage(BaseModel):
    """All contacts of a customer."""

    items: list[ContactShown]
    next_cursor: str | None


class ContactRemoved(BaseModel):
    """The contact is no longer in the record; its history keeps it."""

    id: str
    status: Literal["removed"]


def router(platform: Platform) -> APIRouter:
    """Routes of contacts."""
    routes = APIRouter(tags=["contacts"])

    @routes.get("/v1/customers/{customer}/contacts", **reads(ContactPage, "How to reach a customer", 404, 410))
    async def find(customer: CustomerId, as_of: AsOf = None, after: After = None) -> Answered:
        """Phones, e-mails and addresses, as the record lists them, the primary one of each first; then people."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        state = person.state if as_of is None else await history.as_of(platform, person, as_of)
        items = [shown(contact) for contact in contacts.contacts_of(state.record, naming(person.id))]
        version = person.version if as_of is None else None
        return answer({"items": items, "next_cursor": None}, version=version, live=bool(person.ids))

    @routes.get("/v1/customers/{customer}/contacts/{contact}", **reads(ContactShown, "One contact", 404, 410))
    async def read(customer: CustomerId, contact: Id, after: After = None) -> Answered:
        """Its version is the record's."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        return answer(shown(contacts.find(contact, contacts_of(person))), version=person.version, live=bool(person.ids))

    @routes.post(
        "/v1/customers/{customer}/contacts", **writes(ContactBody, ContactShown, "Another way to reach them", 404, 410)
    )
    async def add(customer: CustomerId, request: Request) -> Answered:
        """The same again is 200; a value that is known with other details is 409 with its `id`."""
        body = await bodies.read(request, ContactBody)
        check(body.kind, body.model_dump())
        caller = caller_of(request)
        digest = hmac.digest(platform.identities.secret, f"contact {caller.name()}".encode(), "sha256")
        made = Contact(id=uuid_v8(digest) if caller.raw else new_id(), **body.model_dump(exclude={"at"}))

        def render(found: list[Contact]) -> dict[str, Any]:
            return shown(next(c for c in found if (c.kind, c.value) == (made.kind, made.value)))

        return await once(
            request,
            lambda: change(
                request, customer, lambda known: contacts.added(made, known), render, at=body.at, created=201
            ),
        )

    @routes.patch(
        "/v1/customers/{customer}/contacts/{contact}", **changes(ContactPatch, ContactShown, "Change a contact", 410)
    )
    async def patch(customer: CustomerId, contact: Id, request: Request) -> Answered:
        """A JSON merge patch. `If-Match` takes the record's version, as reading the contact tells it."""
        match = if_match(request)
        body = await bodies.read(request, ContactPatch)

        def members(known: list[Contact]) -> dict[str, Any]:
            old = contacts.find(contact, known)
            told = body.model_dump(exclude={"at"}, exclude_unset=True)
            check(old.kind, told)
            if told.get("value", old.value) != old.value:
                told = {"verified": False} | told
            return contacts.changed(old.model_copy(update=told), known)

        def render(found: list[Contact]) -> dict[str, Any]:
            return shown(contacts.find(contact, found))

        return await change(request, customer, members, render, at=body.at, match=match)

    @routes.delete(
        "/v1/customers/{customer}/contacts/{contact}", **removes(ContactRemoved, "Remove a contact", 404, 410)
    )
    async def remove(customer: CustomerId, contact: Id, request: Request) -> Answered:
        """From now on; the record as of a day before still has it."""
        removed = {"id": contact, "status": "removed"}
        return await change(
            request, customer, lambda known: contacts.removed(contacts.find(contact, known), known), lambda _: removed
        )

    async def change(
        request: Request, customer: str, members: Members, render: Callable[[list[Contact]], dict[str, Any]],
        *, at: Moment | None = None, match: IfMatch | None = None, created: int = 200,
    ) -> Answered:  # fmt: skip
        """Changes the record as it is now, or in the version that the caller has seen."""
        for last in (*[False] * ROUNDS, True):
            person = await reading.find_one(platform, customer)
            if match:
                match.require(person.version)
            asked = Reaching(
                members=members(contacts_of(person)), versions=frozenset({person.own.version}), seen=person.seen,
                across=person.merges, at=at,
            )  # fmt: skip
            try:
                return await write(
                    request, platform, REACHED, asked, customer=person.id, path={"id": person.id}, created=created,
                    render=rendering(person, render), version=versioning(person), if_match=match,
                )  # fmt: skip
            except Problem as problem:
                if problem.code != STALE or last or (match and not match.any):
                    raise
        raise AssertionError

    def rendering(
        person: reading.Person, render: Callable[[list[Contact]], dict[str, Any]]
    ) -> Callable[[Sequence[Verdict]], dict[str, Any]]:
        def rendered(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            state = person.having(person.id, verdicts[0].state)
            return render(contacts.contacts_of(state.record, naming(person.id)))

        return rendered

    def versioning(person: reading.Person) -> Callable[[Sequence[Verdict]], int]:
        others = person.version - person.own.version
        return lambda verdicts: (record_version(verdicts) or 0) + others

    def contacts_of(person: reading.Person) -> list[Contact]:
        return contacts.contacts_of(person.state.record, naming(person.id))

    def naming(customer: str) -> Naming:
        # keyed, for ids travel in paths: nobody is to find a phone number by trying all of them
        secret = platform.identities.secret
        return lambda kind, value: uuid_v8(
            hmac.digest(secret, f"contact of {customer} {kind} {value}".encode(), "sha256")
        )  # fmt: skip

    return routes


def shown(contact: Contact) -> dict[str, Any]:
    """A contact as callers see it."""
    phone = contact.value if contact.kind == "phone" else contact.phone
    email = contact.value if contact.kind == "email" else contact.email
    record = {"phones": [phone] if phone else [], "emails": [email] if email else []}
    return contact.model_dump() | {"flags": [flag["code"] for flag in flags(record, settings().region)]}
