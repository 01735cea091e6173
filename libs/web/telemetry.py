"""Watches every request: its id, its count and time by route template, a log line where one is due, and the 500.

Nothing here may tell what a caller sent: a log line holds the route's template (`/v1/customers/{id}`), never the
path; an unexpected exception is told by its type and place, never by its text, which may hold anything.
"""

from __future__ import annotations

import random
from time import perf_counter
from traceback import extract_tb
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.web.conditional import headers_only, not_modified
from libs.web.exchange import SCOPE_KEY, Exchange, given_request_id, header
from libs.web.metrics import Requests
from libs.web.problems import respond
from libs.web.refusals import unexpected

SLOW_SECONDS = 1.0
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = structlog.get_logger("careledger.http")


class Watch:
    """The outermost middleware but for what lets other origins in.

    `sample` is the share of ordinary requests (answered below 500 within a second) that get a log line: 1 logs all,
    0 none. The others always get one, and the metrics count every request.
    """

    def __init__(self, app: ASGIApp, service: str, requests: Requests, sample: float = 0.01) -> None:
        self._app, self._service, self._requests, self._sample = app, service, requests, sample

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        if scope["method"] == "HEAD":
            scope, send = headers_only(scope, send)
        found = Exchange(given_request_id(header(scope, b"x-request-id")))
        scope[SCOPE_KEY] = found
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", found.request_id.encode("ascii"))]
                if status == 200 and not_modified(scope, message):
                    status = 304
            elif status == 304:
                message["body"] = b""
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:  # nobody is there to be told; counted as 499
            pass
        except Exception as failure:  # told to nobody but the log, and there without its text
            found.failure = _place(failure)
            if not status:
                await respond(unexpected(), found.request_id)(scope, receive, sending)
        finally:
            self._done(scope, status or 499, perf_counter() - began, found)

    def _done(self, scope: Scope, status: int, seconds: float, found: Exchange) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = template(scope)
        self._requests.observe(method, route, status, seconds)
        if found.failure or status == 500:
            _log.error("request failed", **self._members(method, route, status, seconds, found), failure=found.failure)
        elif status > 500:  # not ready, not caught up: said on purpose
            _log.warning("request refused", **self._members(method, route, status, seconds, found))
        elif seconds >= SLOW_SECONDS or self._sample >= 1 or random.random() < self._sample:
            _log.info("request", **self._members(method, route, status, seconds, found), sample=self._sample)

    def _members(self, method: str, route: str, status: int, seconds: float, found: Exchange) -> dict[str, Any]:
        return {
            "service": self._service, "method": method, "route": route, "status": status,
            "ms": round(seconds * 1000, 2), "request_id": found.request_id, "caller": found.caller,
        }  # fmt: skip


def template(scope: Scope) -> str:
    """The template of the route that answered, `unmatched` where none did."""
    route = scope.get("route")
    return getattr(route, "path_format", None) or "unmatched"


def _place(failure: BaseException) -> str:
    """An exception's type and the line that raised it: no text, no values."""
    kind = type(failure)
    frames = extract_tb(failure.__traceback__)
    where = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{kind.__module__}.{kind.__qualname__}{where}"
