"""Lets pages of other origins call, where the deployment says so: which requests they may make, what they may read."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SENT = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-Id",
)  # fmt: skip
READ = ("Allow", "ETag", "Event-Position", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate", "X-Request-Id")
KEPT_SECONDS = 600
"""How long a browser need not ask again whether it may."""


def across_origins(origins: Sequence[str]) -> tuple[Middleware, ...]:
    """What has to stand before all else, so that refusals can be read, too; nothing where there are no origins."""
    if not origins:
        return ()
    return (
        Middleware(
            CORSMiddleware, allow_origins=list(origins), allow_methods=METHODS, allow_headers=SENT,
            expose_headers=READ, max_age=KEPT_SECONDS,
        ),
    )  # fmt: skip
