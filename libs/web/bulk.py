"""Bulk calls: `{items, all_or_none?}` in, `{results: [{index, status, id?, position?, problem?}]}` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from libs.events.store.deciding import ERASED
from libs.events.units import Outcome, Verdict
from libs.events.values import Body
from libs.web.problems import Problem
from libs.web.refusals import of_verdict

MOST = 1000
T = TypeVar("T")
IdOf = Callable[[Sequence[Verdict]], str | None]
BulkStatus = Literal["appended", "already", "conflict", "erased", "parked", "invalid", "forbidden"]


class Bulk(Body, Generic[T]):
    """Up to 1,000 items in one call; with `all_or_none` either all hold or none does."""

    items: Annotated[list[T], Field(max_length=MOST)]
    all_or_none: bool = False


class ProblemMembers(BaseModel):
    """Why an item was not accepted, in the members of a problem."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    invalid_params: list[dict[str, str]] = []


class Result(BaseModel):
    """What became of one item."""

    index: int
    status: BulkStatus
    id: str | None = None
    position: str | None = None
    problem: ProblemMembers | None = None


class Results(BaseModel):
    """What became of each item, in the order of the request."""

    results: list[Result]


def results(outcomes: Sequence[Outcome], id_of: IdOf = lambda verdicts: None) -> dict[str, Any]:
    """The answer of a bulk call; `id_of` tells the id an accepted item made or met."""
    return {"results": [result(i, o, id_of) for i, o in enumerate(outcomes)]}


def result(index: int, outcome: Outcome, id_of: IdOf) -> dict[str, Any]:
    """What became of one item."""
    if refused := outcome.refusal:
        return refusal(index, refused.status, of_verdict(refused))
    if any(verdict.forgotten for verdict in outcome.verdicts):
        return refusal(index, "erased", of_verdict(ERASED))
    status = "appended" if any(v.status == "appended" for v in outcome.verdicts) else "already"
    told: dict[str, Any] = {"index": index, "status": status}
    if (made := id_of(outcome.verdicts)) is not None:
        told["id"] = made
    if outcome.position:
        told["position"] = outcome.position.token()
    return told


def refusal(index: int, status: str, problem: Problem) -> dict[str, Any]:
    """What became of one item that was not accepted. What it refers to may be absent or still to come: that is a
    conflict here, for unlike an event it is not kept until it can be taken."""
    told = "conflict" if status in ("absent", "parked") else status
    return {"index": index, "status": told, "problem": problem.members()}
