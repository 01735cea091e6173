"""`/healthz`, `/readyz` and `/metrics`: open to everybody inside, holding nothing about anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import Response

from libs.web.answers import Answered
from libs.web.documents import open_operation
from libs.web.problems import Problem

Readiness = Callable[[], Awaitable[Sequence[str]]]
"""Tells what is missing before the service can serve, in constant words; nothing: it is ready."""


class Healthy(BaseModel):
    """The process runs."""

    status: str


def health_router(readiness: Readiness, registry: CollectorRegistry) -> APIRouter:
    """The three routes."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz", **open_operation(Healthy, "Whether the process runs"))
    async def healthz() -> Response:
        return Answered(b'{"status":"ok"}')

    @router.get("/readyz", **open_operation(Healthy, "Whether the service can serve", 503))
    async def readyz() -> Response:
        missing = list(await readiness())
        if missing:
            told = {"missing": missing}
            raise Problem(503, "not_ready", "the service is not ready yet", headers={"Retry-After": "1"}, extra=told)
        return Answered(b'{"status":"ok"}')

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        text = generate_latest(registry) + (generate_latest(REGISTRY) if registry is not REGISTRY else b"")
        return Answered(text, media_type=CONTENT_TYPE_LATEST.encode())

    return router
