"""How routes describe themselves in OpenAPI: arguments for FastAPI's decorators.

Bodies are read by `bodies`, not by FastAPI, so their models are named here; `openapi.document` puts them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.web.idempotency import PATTERN

_DETAILS = {
    400: "The body is not well-formed JSON",
    401: "No valid key",
    403: "The key may not do that",
    404: "There is no such thing",
    409: "Against the rules as things stand, or the first request with this Idempotency-Key is still being answered",
    410: "The customer was erased",
    412: "Changed since it was read",
    413: "The body is larger than 5 MB",
    415: "The body is of another type than JSON",
    422: "The request does not have the form asked for; so is one with a query parameter that is unknown or repeated",
    428: "If-Match is missing",
    503: "Not caught up with `after`, or the database cannot be reached; try again",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_POSITION = {"description": "Token of the write, for `after=`", "schema": {"type": "string"}}
_ETAG = {"description": "Version of the thing, for If-Match", "schema": {"type": "string"}}
_REPLAYED = {"description": "Told where this answer is an earlier one", "schema": {"type": "string", "enum": ["true"]}}
_WRITTEN = {"Event-Position": _POSITION, "ETag": _ETAG, "Idempotent-Replayed": _REPLAYED}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "Makes repeating safe: the same key and body get the first answer again, for 7 days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": PATTERN},
}  # fmt: skip
IF_MATCH = {
    # told as optional: leaving it out is answered in its own way (428), not as a malformed request
    "name": "If-Match", "in": "header", "required": False,
    "description": "The version that was read (its ETag), or `*`. Without it the answer is 428.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,15}")$', "examples": ['"3"']},
}  # fmt: skip
JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"


class Extra(dict[str, Any]):
    """An operation's `openapi_extra`: the models of its body by content type, and whether the body may be left out."""

    def __init__(
        self, members: dict[str, Any], bodies: Mapping[str, Any] | None = None, optional: bool = False
    ) -> None:
        super().__init__(members)
        self.bodies, self.optional = dict(bodies or {}), optional


def reads(answer: Any, summary: str, *problems: int, description: str | None = None) -> dict[str, Any]:
    """Arguments of `router.get`: what a reading call answers; 401, 403, 422 and 503 go without saying."""
    return _operation(summary, {200: {"model": answer}}, {*problems, 401, 403, 422, 503}, Extra({}), description)


def asks(body: Any, answer: Any, summary: str, *problems: int, description: str | None = None) -> dict[str, Any]:
    """Arguments of `router.post` for a call that only reads but whose question travels in a body."""
    known = {*problems, 400, 401, 403, 413, 415, 422, 503}
    return _operation(summary, {200: {"model": answer}}, known, Extra({}, {JSON: body}), description)


def writes(
    body: Any, answer: Any, summary: str, *problems: int, created: int = 201, already: int = 200,
    description: str | None = None, optional: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Arguments of `router.post`: body and answer of a writing call; what every write can say goes without saying.
    `optional`: a call without a body says nothing in particular."""
    answers = {s: {"model": answer, "headers": _WRITTEN} for s in dict.fromkeys((created, already))}
    known = {*problems, 400, 401, 403, 409, 413, 415, 422, 503}
    extra = Extra({"parameters": [IDEMPOTENCY_KEY]}, {JSON: body}, optional)
    return _operation(summary, answers, known, extra, description)


def changes(body: Any, answer: Any, summary: str, *problems: int, description: str | None = None) -> dict[str, Any]:
    """Arguments of `router.patch`: a JSON Merge Patch that needs If-Match."""
    known = {*problems, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503}
    answers = {200: {"model": answer, "headers": {"Event-Position": _POSITION, "ETag": _ETAG}}}
    extra = Extra({"parameters": [IF_MATCH]}, {MERGE_PATCH: body, JSON: body})
    return _operation(summary, answers, known, extra, description)


def removes(answer: Any, summary: str, *problems: int) -> dict[str, Any]:
    """Arguments of `router.delete`: a write without a body."""
    answers = {200: {"model": answer, "headers": {"Event-Position": _POSITION}}}
    return _operation(summary, answers, {*problems, 401, 403, 409, 422, 503}, Extra({}), None)


def open_operation(answer: Any, summary: str, *problems: int) -> dict[str, Any]:
    """Arguments of `router.get` for a call that needs no key."""
    return _operation(summary, {200: {"model": answer}}, set(problems), Extra({}), None)


def _operation(
    summary: str, answers: dict[int, dict[str, Any]], problems: set[int], extra: Extra, description: str | None
) -> dict[str, Any]:
    told = {status: {"description": _DETAILS[status], "content": _PROBLEM} for status in sorted(problems)}
    return {
        "summary": summary,
        "description": description,
        "status_code": next(iter(answers)),
        "responses": {**answers, **told},
        "openapi_extra": extra,
        "response_model": None,
    }
