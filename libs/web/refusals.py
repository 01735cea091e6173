"""How the refusals of `libs.events` sound over HTTP, and what Starlette and FastAPI refuse by themselves."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from libs.events.decider import Absent, Invalid, NotYet, Refused
from libs.events.store import StoreUnavailable
from libs.events.units import Verdict
from libs.web.exchange import exchange
from libs.web.invalid import MALFORMED, parameter_problems
from libs.web.problems import Problem, invalid_param, respond, tell

STALE = "version_mismatch"
"""The code of a decider's refusal of a command that was made for another version; told as 412."""
_KNOWN: dict[int, tuple[str, str]] = {
    404: ("not_found", "there is nothing here"),
    405: ("method_not_allowed", "this address does not take that method"),
    413: ("content_too_large", "the body is larger than 5 MB"),
    415: ("unsupported_media_type", "the body must be JSON"),
}
_BY_STATUS = {"conflict": 409, "forbidden": 403, "absent": 404, "erased": 410, "parked": 409, "invalid": 422}


def of_refusal(refusal: Refused, status: int = 0) -> Problem:
    """The problem that tells a refusal of the domain."""
    if isinstance(refusal, Invalid):
        param = invalid_param(refusal.pointer, refusal.code, refusal.detail)
        return Problem(422, "invalid", refusal.detail, invalid_params=[param], extra=refusal.extra)
    if isinstance(refusal, Absent) or (isinstance(refusal, NotYet) and refusal.absent):
        return Problem(404, refusal.code, refusal.detail, extra=refusal.extra)
    return Problem(412 if refusal.code == STALE else status or 409, refusal.code, refusal.detail, extra=refusal.extra)


def of_verdict(verdict: Verdict) -> Problem:
    """The problem that tells why a request was not accepted."""
    status = _BY_STATUS.get(verdict.status, 409)
    if verdict.status == "erased":  # what the refusal knows beside is for the desk, not for callers
        return Problem(410, "erased", "this customer was erased")
    if verdict.refusal is None:
        return Problem(status, verdict.status, "the request was refused")
    return of_refusal(verdict.refusal, status)


def unavailable() -> Problem:
    """The database cannot be reached just now."""
    return Problem(503, "unavailable", "the service cannot reach its database; try again", headers={"Retry-After": "1"})


def unexpected() -> Problem:
    """Something failed that should not; the log has its type under the request id."""
    return Problem(500, "internal_error", "something failed on our side; the request id helps to find it")


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)
    return respond(of_refusal(refusal), exchange(request.scope).request_id)


async def _unavailable(request: Request, failure: Exception) -> Response:
    exchange(request.scope).failure = type(failure).__name__
    return respond(unavailable(), exchange(request.scope).request_id)


async def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problem = Problem(422, "invalid", MALFORMED, invalid_params=parameter_problems(error.errors()))
    return respond(problem, exchange(request.scope).request_id)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _KNOWN.get(error.status_code, ("refused", "the request was refused"))
    problem = Problem(error.status_code, code, detail, headers=error.headers)
    return respond(problem, exchange(request.scope).request_id)


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    Problem: tell,
    Refused: _refused,
    StoreUnavailable: _unavailable,
    RequestValidationError: _parameters,
    HTTPException: _http,
}
"""Exception handlers of every app. Whatever else is raised is caught and told by `telemetry.Watch`."""
