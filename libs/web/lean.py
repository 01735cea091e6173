"""Calls an endpoint without working out what it does not use.

FastAPI solves dependencies, bodies and every parameter anew for each request: 40 to 90 µs, as much as the rest of the
way through an app. Our endpoints read their bodies themselves, answer with ready responses, and take nothing else but a
path and a few values of a query. Such a request goes straight to its endpoint; path and query are read by the fields
that FastAPI made for them. What these refuse goes FastAPI's way, so that nothing is refused in two ways.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

from fastapi._compat import field_annotation_is_sequence
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_PLAIN = (type(None), str, int, float)


class Lean:
    """Stands in for the app of a route."""

    def __init__(self, route: APIRoute) -> None:
        asked = route.dependant
        self._usual: ASGIApp = route.app
        self._endpoint: Callable[..., Awaitable[Response]] = route.endpoint
        self._path = [(field.name, field.alias, field.validate) for field in asked.path_params]
        self._query = {field.alias: (field.name, field.validate) for field in asked.query_params}
        self._unasked = {field.name: field.get_default() for field in asked.query_params}
        self._request = asked.request_param_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = self._given(scope["path_params"], scope["query_string"])
        if given is None:
            await self._usual(scope, receive, send)
            return
        if self._request:
            given[self._request] = Request(scope, receive, send)
        response = await self._endpoint(**given)
        await response(scope, receive, send)

    def _given(self, path: dict[str, Any], query: bytes) -> dict[str, Any] | None:
        """The endpoint's arguments, None where one is to be refused."""
        given = self._unasked.copy()
        for name, alias, read in self._path:
            given[name], errors = read(path[alias])
            if errors:
                return None
        for alias, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else ():
            if alias not in self._query:
                return None
            name, read = self._query[alias]
            given[name], errors = read(value)
            if errors:
                return None
        return given


def lean(route: APIRoute) -> None:
    """Makes a route lean, if its endpoint takes nothing but its path, the request and single values of a query that may
    be left out, and answers with a response."""
    asked = route.dependant
    more = (
        asked.dependencies or asked.header_params or asked.cookie_params or asked.body_params
        or asked.http_connection_param_name or asked.response_param_name or asked.background_tasks_param_name
        or asked.security_scopes_param_name
    )  # fmt: skip
    plain = all(
        isinstance(field.get_default(), _PLAIN) and not field_annotation_is_sequence(field.field_info.annotation)
        for field in asked.query_params
    )
    if not more and plain and iscoroutinefunction(route.endpoint) and _answers(route.endpoint):
        route.app = Lean(route)


def _answers(endpoint: Callable[..., Any]) -> bool:
    told = get_type_hints(endpoint).get("return")
    return isinstance(told, type) and issubclass(told, Response)
