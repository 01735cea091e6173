"""Serves all services in one process: one flat `/v1`, and each one's own pages under its name."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from libs.web.answers import Answered
from libs.web.exchange import given_request_id, header
from libs.web.problems import Problem, respond
from libs.web.vocabulary_and_schemas import service_of

RESOURCES = {
    "profile": ("customers", "merges", "segments", "classifications", "schemas", "vocabulary", "asyncapi"),
    "care": ("programmes", "deliveries", "due", "touchpoints", "promises", "surveys", "invitations"),
    "complaints": ("complaints", "calendars"),
    "scoring": ("scores", "reports", "models", "alerts", "stream"),
}
"""Which service owns what under `/v1`."""
EVENTS = {"customers": "profile", "profile": "profile", "care": "care", "complaints": "complaints"}
OWN = frozenset({"docs", "openapi.json", "healthz", "readyz", "metrics"})
"""What each service serves under its own name."""
_SERVICE = {resource: service for service, resources in RESOURCES.items() for resource in resources}
_TITLES = {
    "profile": "who a customer is",
    "care": "what is done for them",
    "complaints": "what went wrong, and was put right",
    "scoring": "what it adds up to",
}


class Together:
    """An ASGI app that hands each request to the service it belongs to. Starting and stopping them is the caller's."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = dict(apps)
        self._page = _page(apps).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        path: str = scope["path"]
        _, first, *rest = (*path.split("/", 4), "")
        app: ASGIApp | None = None
        if first == "v1":
            app = self._of_resource(rest)
        elif first in self._apps and rest[0] in OWN:
            app = self._apps[first]
            scope = {**scope, "root_path": scope.get("root_path", "") + "/" + first}
        elif path == "/" and scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            await Answered(self._page, media_type=b"text/html; charset=utf-8")(scope, receive, send)
            return
        if app is None:
            request_id = given_request_id(header(scope, b"x-request-id"))
            app = respond(Problem(404, "not_found", "there is nothing here"), request_id)
        await app(scope, receive, send)

    def _of_resource(self, parts: list[str]) -> ASGIApp | None:
        resource, second, third = (*parts, "", "")[:3]
        if resource == "events":
            service = EVENTS.get(second)
        elif resource == "schemas" and second == "inbound":
            service = service_of(third.split("/", 1)[0])
        else:
            service = _SERVICE.get(resource)
        # what nobody owns is refused by a service, so that it needs a key as everything under /v1 does
        return self._apps.get(service or "") or next(iter(self._apps.values()), None)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _page(apps: Mapping[str, ASGIApp]) -> str:
    rows = "".join(
        f'<li><a href="/{name}/docs">{name}</a>: {_TITLES.get(name, "")} (<a href="/{name}/openapi.json">OpenAPI</a>, '
        f'<a href="/{name}/readyz">ready?</a>, <a href="/{name}/metrics">metrics</a>)</li>'
        for name in apps
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Careledger</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        '<body style="font-family:sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;line-height:1.6">'
        "<h1>Careledger</h1><p>Its services under one address. Calls need a key: "
        "<code>Authorization: Bearer …</code></p>"
        f"<ul>{rows}</ul></body></html>"
    )
