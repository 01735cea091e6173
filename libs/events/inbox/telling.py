"""What became of an event, in the shape of a bulk result: `{status, id?, position?, problem?}`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError

from libs.events.decider import Invalid
from libs.events.inbox.judging import Judged

Describe = Callable[[type[BaseModel], ValidationError], list[dict[str, str]]]
"""Says what is wrong with a body, member by member (`pointer`, `code`, `message`), holding nothing of what was sent."""
_STATUS = {"conflict": 409, "forbidden": 403, "erased": 410, "parked": 409, "invalid": 422}


def silent(model: type[BaseModel], error: ValidationError) -> list[dict[str, str]]:
    """Says nothing more."""
    return []


def result(index: int, judged: Judged, describe: Describe = silent) -> dict[str, Any]:
    """One result."""
    told: dict[str, Any] = {"index": index, "status": judged.status}
    if judged.id:
        told["id"] = judged.id
    if judged.position:
        told["position"] = judged.position.token()
    if judged.refusal is not None:
        told["problem"] = _problem(judged, describe)
    return told


def _problem(judged: Judged, describe: Describe) -> dict[str, Any]:
    refusal = judged.refusal
    assert refusal is not None
    status = _STATUS.get(judged.status, 422)
    title = {410: "Gone", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase
    invalid = isinstance(refusal, Invalid)
    problem = {
        # what the refusal of an erased customer knows beside is for the desk, not for callers
        **({} if judged.status == "erased" else refusal.extra),
        "type": "about:blank", "title": title, "status": status,
        "code": "invalid" if invalid else refusal.code, "detail": refusal.detail,
    }  # fmt: skip
    if judged.error is not None and judged.model is not None:
        params = describe(judged.model, judged.error)
        problem["invalid_params"] = [{**p, "pointer": "/data" + p["pointer"]} for p in params]
    elif isinstance(refusal, Invalid):
        problem["invalid_params"] = [{"pointer": refusal.pointer, "code": refusal.code, "message": refusal.detail}]
    return problem
