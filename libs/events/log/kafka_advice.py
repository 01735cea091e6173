"""Commits to Kafka as advice: in the background, the latest only, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiokafka.errors import IllegalStateError, KafkaError  # type: ignore[import-untyped]

from libs.events.log import Slot

INTERVAL = 0.5
TIMEOUT = 5.0

log = structlog.get_logger(__name__)


class Advice:
    """The offsets to commit next; a newer one takes the place of an older one that was not sent yet."""

    def __init__(self, commit: Callable[[dict[Slot, int]], Awaitable[None]]) -> None:
        self._commit = commit
        self._waiting: dict[Slot, int] = {}
        self._task: asyncio.Task[None] | None = None

    def give(self, offsets: dict[Slot, int]) -> None:
        """Takes offsets to commit soon."""
        self._waiting |= offsets
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commits what is waiting, for a moment."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._send()

    async def _run(self) -> None:
        while self._waiting:
            await self._send()
            await asyncio.sleep(INTERVAL)

    async def _send(self) -> None:
        offsets, self._waiting = self._waiting, {}
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._commit(offsets)
        except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
            log.debug("commit_failed", error=repr(error))
            self._waiting = offsets | self._waiting
