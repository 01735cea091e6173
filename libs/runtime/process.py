"""One process: its HTTP server and its background loops, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
import uvicorn

_log = structlog.get_logger()
DRAIN = 5
"""Seconds that open requests (and streams) get after a stop was asked for."""


async def supervise(name: str, loop: Callable[[], Awaitable[Any]]) -> None:
    """Keeps a loop running: one that fails is told of and started again, more slowly each time."""
    pause = 0.1
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await loop()
            return
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _log.error("a loop failed and is started again", loop=name, error=type(error).__name__)
        if asyncio.get_running_loop().time() - started > 60:
            pause = 0.1
        await asyncio.sleep(pause)
        pause = min(pause * 2, 30)


async def serve(app: Any, host: str, port: int, started: Callable[[], None] = lambda: None) -> None:
    """Serves HTTP until the process is asked to stop (SIGINT, SIGTERM)."""
    config = uvicorn.Config(
        app, host=host, port=port, lifespan="off", access_log=False, log_config=None, server_header=False,
        date_header=False, timeout_graceful_shutdown=DRAIN, timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    server = _Server(config, started)
    await server.serve()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told()


async def together(server: Awaitable[None], loops: Iterable[tuple[str, Callable[[], Awaitable[Any]]]]) -> None:
    """Runs the server and the loops; when the server stops, the loops are stopped, too."""
    tasks = [asyncio.create_task(supervise(name, loop), name=name) for name, loop in loops]
    settle()
    try:
        await server
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def settle() -> None:
    """What was loaded stays: the collector need not look at it again, nor look so often at short-lived garbage.

    A batch of facts at the database and one being decoded are traversed in vain each time, which was a fifth of what a
    consumer does; a threshold higher still left so much garbage that memory was not flat.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(60_000, 20, 100)
