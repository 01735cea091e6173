"""Runs services and roles in this process until it is asked to stop."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from libs.events.catalogue import INBOUND, TOPICS
from libs.events.log import Log, Topic
from libs.events.log.opening import open_log
from libs.events.settings import Settings
from libs.runtime.assembly import ROLES, Assembled, assemble
from libs.runtime.process import serve, together
from libs.runtime.secrets import load_secrets
from libs.runtime.services import SERVICES, definition

WEEK = 7 * 24 * 3600 * 1000


class Busy(RuntimeError):
    """Another process serves from this data folder."""


def topics(settings: Settings) -> list[Topic]:
    """All topics: facts are kept for ever, what others publish for a week."""
    return [
        *(Topic(name, settings.partitions) for name in TOPICS.values()),
        *(Topic(name, settings.partitions, WEEK) for name in INBOUND.values()),
    ]


@asynccontextmanager
async def assembled(
    settings: Settings, names: Sequence[str] = SERVICES, *, create: bool = True, connect: bool = True
) -> AsyncIterator[list[Assembled]]:
    """The services, put together and started (but none of their loops); closed at the end."""
    secrets = load_secrets(settings)
    log: Log = open_log(settings.log())
    services = [assemble(definition(name), settings, secrets, log) for name in names]
    try:
        if connect:
            await log.start()
            await log.ensure(topics(settings))
        for service in services:
            await service.start(create=create)
        yield services
    finally:
        await log.stop()
        for service in services:
            await service.close()


async def run(
    settings: Settings,
    names: Sequence[str] = SERVICES,
    roles: Sequence[str] = ROLES,
    host: str = "127.0.0.1",
    port: int = 8000,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Serves until SIGINT or SIGTERM. Raises `Busy` where the embedded engine's folder is taken."""
    with _alone(settings):
        async with assembled(settings, names) as services:
            loops = [loop for service in services for loop in service.loops(roles)]
            await together(serve(_app(services, roles), host, port, started), loops)


def _app(services: Sequence[Assembled], roles: Sequence[str]) -> Any:
    from libs.web.app import build_app
    from libs.web.events_door import events_router
    from libs.web.together import Together

    apps = {}
    for service in services:
        name = service.definition.name
        routers = [events_router(name, service.inbox)] if name in INBOUND and "api" in roles else []
        readiness = partial(service.readiness, roles)
        apps[name] = build_app(service.definition, service.platform, readiness, routers=routers)
    return next(iter(apps.values())) if len(apps) == 1 else Together(apps)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """The embedded engine's promises hold for one serving process; a second one must not start."""
    if not settings.log().startswith("embedded"):
        yield
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with open(settings.data_dir / "serving.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another process serves from {settings.data_dir}: stop it first") from None
        yield


def start(coroutine: Any) -> None:
    """Runs a coroutine on the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(coroutine)
    else:
        uvloop.run(coroutine)
