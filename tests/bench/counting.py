"""The real projector with a counter in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from libs.events.clock import SystemClock
from libs.events.consuming import Projector, Views
from libs.events.consuming.decoding import Arrival
from libs.events.settings import Settings
from libs.events.store.database import Transaction
from libs.events.vault import LocalKeyProvider
from libs.runtime.assembly import Assembled
from tests.bench.engines import MASTER_KEY


class Counting:
    """Views that tell how many facts were committed by when."""

    def __init__(self, views: Views, wanted: int) -> None:
        self._views, self._wanted, self._under_way = views, wanted, 0
        self.topics = views.topics
        self.moments: list[tuple[float, int]] = []
        self.done = asyncio.Event()

    async def apply(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """What the views do."""
        self._under_way = len(arrivals)
        await self._views.apply(tx, arrivals)

    def committed(self) -> None:
        """Counts what was applied just now."""
        total = self._under_way + (self.moments[-1][1] if self.moments else 0)
        self._under_way = 0
        self.moments.append((time.perf_counter(), total))
        if total >= self._wanted:
            self.done.set()


async def project(scoring: Assembled, settings: Settings, wanted: int, patience: float = 600) -> Counting:
    """Runs scoring's projector until so many facts were committed."""
    counting = Counting(scoring.views, wanted)
    platform = scoring.platform
    sealer = LocalKeyProvider(bytes.fromhex(MASTER_KEY)).service_key(platform.service)
    projector = Projector(
        platform.service, "views", scoring.log, platform.database, counting, sealer, SystemClock(), settings)
    running = asyncio.create_task(projector.run())
    try:
        async with asyncio.timeout(patience):
            await asyncio.wait([running, waiting := asyncio.create_task(counting.done.wait())],
                               return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        projector.stop()
        await running
    return counting


def steady(moments: Sequence[tuple[float, int]]) -> float:
    """Facts a second from the first commit to the last: without what joining the group takes."""
    (first, before), (last, total) = moments[0], moments[-1]
    return (total - before) / (last - first)
