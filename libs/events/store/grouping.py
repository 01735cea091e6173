"""Groups concurrent callers of one process into shared commits: one fsync serves them all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from libs.events.units import Outcome, Unit

Commit = Callable[[Sequence[Unit]], Awaitable[list[Outcome | BaseException]]]
LIMIT = 64
WORTH_SHARING = 8


class Grouping:
    """Collects units while earlier ones commit; at most `lanes` groups are under way at once."""

    def __init__(self, commit: Commit, lanes: int) -> None:
        self._commit, self._lanes = commit, lanes
        self._waiting: deque[tuple[Unit, asyncio.Future[Outcome | BaseException]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = self._busy = 0

    async def submit(self, unit: Unit) -> Outcome | BaseException:
        """The unit's outcome once its group was committed. A caller that goes away does not undo it."""
        future: asyncio.Future[Outcome | BaseException] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        if self._open < self._lanes:
            self._open += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(self._share())]
            self._busy += 1
            try:
                outcomes: Sequence[Outcome | BaseException] = await self._commit([unit for unit, _ in group])
            except BaseException as error:
                outcomes = [error] * len(group)
            self._busy -= 1
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)
        # here and not when the task is found to be done: who comes in between would wait for a lane that has ended
        self._open -= 1

    def _share(self) -> int:
        """How many of those waiting make a group: a free lane's part of them.

        Callers who were answered together come back together. Were they all one group again, the database would
        be idle while we decide, and we while it writes.
        """
        waiting = len(self._waiting)
        part = -(-waiting // max(1, self._lanes - self._busy))
        return min(LIMIT, waiting, max(part, WORTH_SHARING))
