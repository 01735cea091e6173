"""Callers of one process share commits, and nobody is left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from libs.events.store.grouping import LIMIT, Grouping
from libs.events.units import Outcome, Unit


class Commits:
    """Commits that take a moment, and remember who went together."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, units: Sequence[Unit]) -> list[Outcome | BaseException]:
        self.sizes.append(len(units))
        await asyncio.sleep(0)
        await self.open.wait()
        return [Outcome() for _ in units]


@pytest.mark.parametrize("lanes", [1, 2])
async def test_whoever_comes_back_at_once_is_served(lanes: int) -> None:
    grouping = Grouping(Commits(), lanes)

    async def caller() -> None:
        for _ in range(20):
            await grouping.submit(Unit(()))

    await asyncio.wait_for(asyncio.gather(*(caller() for _ in range(5))), 5)


async def test_lanes_share_those_who_came_together() -> None:
    commits = Commits()
    grouping = Grouping(commits, 2)
    await asyncio.gather(*(grouping.submit(Unit(())) for _ in range(40)))
    assert commits.sizes == [20, 20]


async def test_few_stay_together() -> None:
    commits = Commits()
    await asyncio.gather(*(Grouping(commits, 2).submit(Unit(())) for _ in range(1)))
    grouping = Grouping(commits, 2)
    await asyncio.gather(*(grouping.submit(Unit(())) for _ in range(5)))
    assert commits.sizes == [1, 5]


async def test_who_comes_while_all_lanes_are_busy_goes_together_and_in_bounds() -> None:
    commits = Commits()
    commits.open.clear()
    grouping = Grouping(commits, 1)
    first = asyncio.create_task(grouping.submit(Unit(())))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(grouping.submit(Unit(()))) for _ in range(LIMIT + 10)]
    await asyncio.sleep(0.01)
    commits.open.set()
    await asyncio.gather(first, *rest)
    assert commits.sizes == [1, LIMIT, 10]


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    commits = Commits()
    commits.open.clear()
    grouping = Grouping(commits, 1)
    gone, stays = (asyncio.create_task(grouping.submit(Unit(()))) for _ in range(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    commits.open.set()
    assert await asyncio.wait_for(stays, 5) == Outcome()
    assert commits.sizes == [2]
    with pytest.raises(asyncio.CancelledError):
        await gone
