"""Groups concurrent callers of one process into shared commits: one fsync serves them all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from libs.events.units import Outcome, Unit

Commit = Callable[[Sequence[Unit]], Awaitable[list[Outcome | BaseException]]]
LIMIT = 64


class Grouping:
    """Collects units while earlier ones commit; at most `lanes` groups are under way at once."""

    def __init__(self, commit: Commit, lanes: int) -> None:
        self._commit, self._lanes = commit, lanes
        self._waiting: deque[tuple[Unit, asyncio.Future[Outcome | BaseException]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, unit: Unit) -> Outcome | BaseException:
        """The unit's outcome once its group was committed. A caller that goes away does not undo it."""
        future: asyncio.Future[Outcome | BaseException] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        if len(self._running) < self._lanes:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(LIMIT, len(self._waiting)))]
            try:
                outcomes: Sequence[Outcome | BaseException] = await self._commit([unit for unit, _ in group])
            except BaseException as error:
                outcomes = [error] * len(group)
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)
