"""Load: callers and publishers who do what the contract asks of them, and try again under the same key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.events.log import Unavailable
from libs.events.store import StoreUnavailable
from libs.events.store.errors import is_transient
from tests.faults.workload import Told
from tests.faults.world import World

PACE, PAUSE = 0.01, 0.2
TAKEN = {"appended", "already"}


@dataclass
class Load:
    """Tells events, each customer's in order, some by posting and some by publishing (`published`: those services')."""

    world: World
    events: Sequence[Told]
    published: frozenset[str] = frozenset()
    done: int = 0
    retries: int = 0
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Tells everything; returns once all of it was taken or published for certain."""
        by_customer: dict[str, list[Told]] = {}
        for told in self.events:
            by_customer.setdefault(told[1]["subject"], []).append(told)
        await asyncio.gather(*map(self._customer, by_customer.values()))

    async def reached(self, share: float) -> None:
        """Waits until so much of it was told."""
        async with self.moved:
            await self.moved.wait_for(lambda: self.done >= share * len(self.events))

    async def _customer(self, events: Sequence[Told]) -> None:
        for told in events:
            while not await self._tell(told):
                self.retries += 1
                await asyncio.sleep(PAUSE)
            async with self.moved:
                self.done += 1
                self.moved.notify_all()
            await asyncio.sleep(PACE)

    async def _tell(self, told: Told) -> bool:
        try:
            if told[0] in self.published:
                await self.world.publish([told])
                return True
            (result,) = await self.world.tell([told])
        except (Unavailable, StoreUnavailable):
            return False
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        assert result["status"] in TAKEN, result
        return True
