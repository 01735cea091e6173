"""Problems (RFC 9457): what every refusal looks like. Nothing that a caller sent is ever repeated in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request

from libs.web.answers import Answered, RawHeaders, to_json
from libs.web.exchange import exchange

MEDIA_TYPE = b"application/problem+json"
_TITLES = {s.value: s.phrase for s in HTTPStatus} | {413: "Content Too Large", 422: "Unprocessable Content"}
InvalidParam = dict[str, str]


def invalid_param(pointer: str, code: str, message: str, where: str = "") -> InvalidParam:
    """One member at fault: a JSON pointer into the body, or, with `where` (query, path, header), `/name`."""
    param = {"pointer": pointer, "code": code, "message": message}
    return param | {"in": where} if where else param


class Problem(Exception):
    """A refusal on its way to the caller.

    `code` is stable and meant for programs, `detail` a constant text for people; neither may hold anything that was
    sent. `extra` are further members (`state`, `possible`, …).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        invalid_params: Iterable[InvalidParam] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.invalid_params = list(invalid_params)
        self.headers = headers or {}
        self.extra = extra or {}

    def members(self, request_id: str = "") -> dict[str, Any]:
        """The problem as JSON members; inside a bulk result there is no request id of its own."""
        members: dict[str, Any] = {
            **self.extra,
            "type": "about:blank",
            "title": _TITLES.get(self.status, "Error"),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if request_id:
            members["request_id"] = request_id
        if self.invalid_params:
            members["invalid_params"] = self.invalid_params
        return members


def invalid(pointer: str, code: str, message: str, *, where: str = "") -> Problem:
    """A 422 about one member."""
    return Problem(
        422, "invalid", "the request does not have the form asked for",
        invalid_params=[invalid_param(pointer, code, message, where)],
    )  # fmt: skip


def respond(problem: Problem, request_id: str) -> Answered:
    """The response that tells a problem."""
    headers: RawHeaders = [(n.lower().encode("ascii"), v.encode("latin-1")) for n, v in problem.headers.items()]
    try:
        body = to_json(problem.members(request_id))
    except (TypeError, orjson.JSONEncodeError):  # an extension member that JSON cannot hold must not hide the refusal
        problem.extra = {}
        body = to_json(problem.members(request_id))
    return Answered(body, problem.status, headers, MEDIA_TYPE)


async def tell(request: Request, problem: Exception) -> Answered:
    """Exception handler for `Problem`."""
    assert isinstance(problem, Problem)
    return respond(problem, exchange(request.scope).request_id)
