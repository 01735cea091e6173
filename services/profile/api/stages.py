"""/v1/customers/{id}/stages: how a customer came to be where they stand."""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events.catalogue.customers import CustomerLost, CustomerWonBack, LossReason, Stage
from libs.events.service import Platform
from libs.web.answers import Answered, answer
from libs.web.documents import reads
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.times import AsOf
from services.profile.api import history, reading
from services.profile.domain.history import Fact
from services.profile.domain.stages import Move, MoveName


class StageEntry(BaseModel):
    """A stage, since when and until when (null: still). `cause`: what led to it (null: where everybody starts); the
    `reason` is that of a loss, `approach`, `by` and `outcome` those of a win-back; `event`: the fact that told it, of
    which of the person's ids (`customer`)."""

    stage: Stage
    since: datetime | None
    until: datetime | None
    cause: MoveName | None
    reason: LossReason | None
    approach: str | None
    by: str | None
    outcome: str | None
    event: str | None
    customer: str | None


class StagePage(BaseModel):
    """All stages, the first one first."""

    items: list[StageEntry]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of stages."""
    routes = APIRouter(tags=["customers"])

    @routes.get("/v1/customers/{customer}/stages", **reads(StagePage, "The stages of a customer", 404, 410))
    async def read(customer: CustomerId, as_of: AsOf = None, after: After = None) -> Answered:
        """Told by what happened under all ids of the person; what moved nobody is not among it."""
        await caught_up(platform, after)
        person = await reading.find_one(platform, customer)
        state = person.state if as_of is None else await history.as_of(platform, person, as_of)
        played = state.played()
        told = {(f.key, f.happened.at): f for f in await history.facts_of(platform, person) if played.counted}
        stages, moves = (state.start, *played.stages), (None, *played.counted)
        items = [
            entry(stage, move.at if move else state.since, following.at if following else None, move, told)
            for stage, move, following in zip_longest(stages, moves, played.counted)
        ]
        return answer({"items": items, "next_cursor": None})

    return routes


def entry(
    stage: Stage, since: datetime | None, until: datetime | None, move: Move | None,
    told: dict[tuple[str, datetime], Fact],
) -> dict[str, Any]:  # fmt: skip
    """A stage as callers see it."""
    fact = told.get((move.key, move.at)) if move else None
    data = fact.happened.data if fact else None
    back = data if isinstance(data, CustomerWonBack) else None
    return {
        "stage": stage, "since": since, "until": until, "cause": move.move if move else None,
        "reason": data.reason if isinstance(data, CustomerLost) else None,
        "approach": back.approach if back else None, "by": back.by if back else None,
        "outcome": back.outcome if back else None,
        "event": fact.happened.id if fact else None, "customer": fact.subject if fact else None,
    }  # fmt: skip
