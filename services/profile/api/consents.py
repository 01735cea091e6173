"""/v1/customers/{id}/consents: what a customer allows, since when, and what they said before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from libs.events.catalogue.customers import CustomerConsented
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import reads, writes
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.times import AsOf
from libs.web.writing import write
from services.profile.api import history, reading
from services.profile.domain.consents import Consent, Standing
from services.profile.domain.history import Fact
from services.profile.doors.consents import CONSENTED, PURPOSE_PATTERN, ConsentBody, Consented

Purpose = Annotated[str, Path(pattern=PURPOSE_PATTERN, description="The purpose, a code.")]


class ConsentShown(BaseModel):
    """What holds for a purpose: `granted`, `refused` or `expired`, by what was said `at` a moment."""

    purpose: str
    standing: Standing
    granted: bool
    at: datetime
    until: datetime | None
    source: str | None
    evidence: str | None


class ConsentPage(BaseModel):
    """All that a customer was ever asked, by purpose."""

    items: list[ConsentShown]
    next_cursor: str | None


class StatementShown(BaseModel):
    """What the customer said `at` a moment, as it was `recorded` later or at once; `by`: who told us."""

    granted: bool
    at: datetime
    recorded: datetime
    until: datetime | None
    source: str | None
    evidence: str | None
    by: str | None
    customer: str


class ConsentHistory(ConsentShown):
    """What holds, and everything that was ever said, in the order in which it was."""

    statements: list[StatementShown]


def router(platform: Platform) -> APIRouter:
    """Routes of consent."""
    routes = APIRouter(tags=["consents"])

    @routes.put(
        "/v1/customers/{customer}/consents/{purpose}",
        **writes(ConsentBody, ConsentShown, "A customer allows something, or refuses it", 404, 410),
    )
    async def state(customer: CustomerId, purpose: Purpose, request: Request) -> Answered:
        """What was said later counts, whichever is heard first: the answer tells what holds now."""
        body = await bodies.read(request, ConsentBody)
        person = await reading.find_one(platform, customer)
        said = Consented.model_construct({*body.model_fields_set, "purpose"}, **dict(body), purpose=purpose)

        def render(verdicts: Sequence[Verdict]) -> dict[str, Any]:
            known = person.having(customer, verdicts[0].state).consents
            return shown(purpose, known[purpose], platform.clock.now())

        return await write(
            request, platform, CONSENTED, said, customer=customer, path={"id": customer}, render=render, version=None
        )

    @routes.get("/v1/customers/{customer}/consents", **reads(ConsentPage, "What a customer allows", 404, 410))
    async def find(customer: CustomerId, as_of: AsOf = None, after: After = None) -> Answered:
        """As of any moment: what had been said by then, as known now, and whether it had ended."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        told = person.state if as_of is None else await history.as_of(platform, person, as_of)
        moment = as_of or platform.clock.now()
        items = [shown(purpose, told.consents[purpose], moment) for purpose in sorted(told.consents)]
        return answer({"items": items, "next_cursor": None})

    @routes.get(
        "/v1/customers/{customer}/consents/{purpose}", **reads(ConsentHistory, "All that was said of it", 404, 410)
    )
    async def read(customer: CustomerId, purpose: Purpose, as_of: AsOf = None, after: After = None) -> Answered:
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        told = person.state if as_of is None else await history.as_of(platform, person, as_of)
        if purpose not in told.consents:
            raise Problem(404, "never_asked", "nothing was said of this purpose")
        facts = sorted(await history.facts_of(platform, person), key=lambda fact: fact.order)
        statements = [
            statement(fact, fact.happened.data) for fact in facts
            if isinstance(fact.happened.data, CustomerConsented) and fact.happened.data.purpose == purpose
            and (as_of is None or fact.happened.at <= as_of)
        ]  # fmt: skip
        holds = shown(purpose, told.consents[purpose], as_of or platform.clock.now())
        return answer({**holds, "statements": statements})

    return routes


def shown(purpose: str, consent: Consent, moment: datetime) -> dict[str, Any]:
    """A consent as callers see it at a moment."""
    told = consent.model_dump(exclude={"said"})
    return {"purpose": purpose, "standing": consent.standing(moment), "at": consent.said.at, **told}


def statement(fact: Fact, data: CustomerConsented) -> dict[str, Any]:
    """A statement as callers see it."""
    return {
        "at": fact.happened.at, "recorded": fact.recorded, "customer": fact.subject,
        **data.model_dump(include={"granted", "until", "source", "evidence", "by"}),
    }  # fmt: skip
