"""/v1/customers/{id}/duplicates: who else may be this person, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events.service import Platform
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from services.profile.api import reading
from services.profile.domain.duplicates import score
from services.profile.projections.finding import alike
from services.profile.search.likeness import traits
from services.profile.search.terms import Term
from services.profile.search.tokens import token
from services.profile.settings import settings


class Candidate(BaseModel):
    """Somebody who may be the same person: `score` from 0 to 1, higher for more `reasons` in common. `parted`: somebody
    has taken the two apart before."""

    id: str
    name: str | None
    score: float
    reasons: list[str]
    parted: bool


class Candidates(BaseModel):
    """Who else it may be, likeliest first."""

    items: list[Candidate]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of duplicates."""
    routes = APIRouter(tags=["merges"])

    @routes.get("/v1/customers/{customer}/duplicates", **reads(Candidates, "Who else may be this person", 404, 410))
    async def find(customer: CustomerId, after: After = None) -> Answered:
        """By phone, e-mail, or name with birthday or address, in whatever spelling. Nothing is merged by itself."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        found = await candidates(platform, person.state.record, {person.id, *person.ids})
        items = [candidate(each, reasons, person) for each, reasons in found]
        return answer({"items": sorted(items, key=lambda item: (-item["score"], item["id"])), "next_cursor": None})

    return routes


async def candidates(
    platform: Platform, record: Mapping[str, Any], own: set[str]
) -> list[tuple[reading.Person, set[str]]]:
    """Persons who have something in common with a record, and what; without those who are `own`."""
    chosen = settings()
    secret = platform.identities.secret
    reasons_of = {token(secret, Term(reason, value)): reason for reason, value in traits(record, chosen.region)}
    async with platform.database.read() as reader:
        found = await alike(reader, reasons_of, chosen.common)
    people = await reading.find(platform, sorted(found.keys() - own))
    reasons: dict[str, set[str]] = {}
    persons: dict[str, reading.Person] = {}
    for subject, person in people.items():
        if isinstance(person, reading.Person) and person.id not in own:
            persons[person.id] = person
            reasons.setdefault(person.id, set()).update(found[subject])
    return [(persons[subject], reasons[subject]) for subject in persons]


def candidate(other: reading.Person, reasons: set[str], person: reading.Person) -> dict[str, Any]:
    """A candidate as callers see it."""
    ours, theirs = {person.id, *person.ids}, {other.id, *other.ids}
    once = {s for state in (person.own, *person.others.values()) for s in state.parted} & theirs
    once |= {s for state in (other.own, *other.others.values()) for s in state.parted} & ours
    return {
        "id": other.id, "name": other.state.record.get("name"), "reasons": sorted(reasons), "parted": bool(once),
        "score": score(reasons, settings().duplicate_weights),
    }  # fmt: skip
