"""Puts one service's HTTP app together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware

from libs.events.service import Definition, Platform
from libs.web.auth import Gate, Keys
from libs.web.cors import across_origins
from libs.web.docs import add_docs
from libs.web.events_door import EventsInbox, events_router
from libs.web.health import Readiness, health_router
from libs.web.lean import lean
from libs.web.metrics import Requests
from libs.web.openapi import document
from libs.web.refusals import HANDLERS
from libs.web.routing import Index
from libs.web.settings import WebSettings
from libs.web.telemetry import Watch
from libs.web.vocabulary_and_schemas import reference_router

TICKETED = frozenset({"/v1/stream"})
"""What a browser may ask with a ticket in the query."""
VERSION = "1.0.0"


class ServiceApp(FastAPI):
    """A FastAPI app whose document knows the bodies that are read by `libs.web.bodies`."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = document(self)
        return self.openapi_schema


def build_app(
    definition: Definition,
    platform: Platform,
    readiness: Readiness,
    *,
    inbox: EventsInbox | None = None,
    registry: CollectorRegistry | None = None,
    settings: WebSettings | None = None,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The app of one service.

    `readiness` tells what is missing before it can serve; `inbox` takes events at `/v1/events/…`; `registry` is where
    its metrics are read from (the caller may have put others in); `routers` are added to the definition's own.
    """
    settings = settings or WebSettings()
    registry = registry or CollectorRegistry()
    requests = Requests(definition.name)
    registry.register(requests)
    keys = Keys(platform.settings.keys_file or platform.settings.data_dir / "keys.json", platform.clock)
    app = ServiceApp(
        title=f"Careledger {definition.name}",
        version=VERSION,
        description="One of Careledger's four services. Errors are problems (RFC 9457); times are RFC 3339 in UTC. "
        "Bodies and queries are strict: a member or parameter that is not known is 422. What GET answers, HEAD answers "
        "without the body; where there is an ETag, If-None-Match with it is answered 304.",
        redirect_slashes=False,  # a redirect would repeat the path that was sent
        docs_url=None,  # see `docs`
        redoc_url=None,
        root_path_in_servers=False,
        exception_handlers=HANDLERS,
        middleware=[
            *across_origins(settings.cors_origins.split()),
            Middleware(Watch, service=definition.name, requests=requests, sample=settings.access_log),
            Middleware(Gate, keys=keys, ticketed=TICKETED),
        ],
        # FastAPI's own telemetry puts paths into spans and exceptions' texts into logs: personal data
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.platform = platform
    shared = [reference_router(definition), health_router(readiness, registry)]
    events = [events_router(definition.name, inbox)] if inbox else []
    for router in [*definition.routers(platform), *routers, *events, *shared]:
        _add(app, router)
    add_docs(app, f"Careledger {definition.name}")
    app.router.middleware_stack = Index(app.router)
    return app


def _add(app: FastAPI, router: APIRouter) -> None:
    """Adds a router's routes to the app's own: FastAPI would look for an included router's route twice."""
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    if len(routes) == len(router.routes):
        for route in routes:
            lean(route)
        app.router.routes.extend(routes)
    else:
        app.include_router(router)


def route_table(apps: Iterable[FastAPI]) -> list[tuple[str, str]]:
    """Every (method, path template) that the apps serve under `/v1`, for checks."""
    return sorted(
        (method, route.path_format)
        for app in apps
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if route.path_format.startswith("/v1")
    )
