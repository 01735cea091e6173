"""/v1/scores: what a customer's facts come to, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from libs.events.service import Platform
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.problems import Problem
from libs.web.times import AsOf, KnownAt
from services.scoring.api.shapes import Explanation, Score
from services.scoring.domain.person import admitted
from services.scoring.domain.score import explain, summary
from services.scoring.domain.settings import ScoringSettings
from services.scoring.projections import people
from services.scoring.projections.memory import Memory


def router(platform: Platform, settings: ScoringSettings) -> APIRouter:
    """Routes of scores."""
    routes = APIRouter(tags=["scores"])

    memory = Memory(platform.database)

    async def found(customer: str, known_at: datetime | None) -> people.Person:
        person = await people.find(platform.database, customer, known_at)
        if person.erased:
            raise Problem(410, "erased", "this customer was erased")
        if not person.facts:
            raise Problem(404, "unknown_customer", "nothing was heard of this customer yet")
        return person

    @routes.get("/v1/scores/customers/{customer}", **reads(Score, "Satisfaction and loyalty of a customer", 404, 410))
    async def read(customer: CustomerId, as_of: AsOf = None, known_at: KnownAt = None, after: After = None) -> Answered:
        """As of any moment (what had happened by then, as known now), or as it was known then."""
        await caught_up(platform, after)
        moment = as_of or platform.clock.now()
        if known_at is None and (known := await memory.find(customer)) and known.since <= moment:
            return answer(known.score(moment, settings))
        person = await found(customer, known_at)
        facts = admitted(person.facts, moment, known_at)
        made = summary(facts, settings)
        if known_at is None and len(facts) == len(person.facts):
            memory.keep(customer, person, made)
        return answer(made.score(person.id, moment, settings) | {"merged_from": list(person.others)})

    @routes.get(
        "/v1/scores/customers/{customer}/explanation", **reads(Explanation, "Where a satisfaction comes from", 404, 410)
    )
    async def why(customer: CustomerId, as_of: AsOf = None, known_at: KnownAt = None, after: After = None) -> Answered:
        """Every answer's contribution in points; they add up to the overall gap."""
        await caught_up(platform, after)
        person = await found(customer, known_at)
        made: dict[str, Any] = explain(person.id, person.facts, as_of or platform.clock.now(), settings, known_at)
        return answer(made | {"merged_from": list(person.others)})

    return routes
