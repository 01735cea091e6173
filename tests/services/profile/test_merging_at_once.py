"""Many who merge at the same moment, in one process and in several."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

from services.profile.app import SERVICE
from tests.services.house import House, open_house
from tests.services.profile.test_merges import known, people


async def all_at_once(houses: Sequence[House]) -> None:
    """Every two of four are merged both ways round at the same moment: three merges make them one, and no ring."""
    ids = [await known(houses[0], f"pos:{n}") for n in "abcd"]
    bodies = [{"survivor": survivor, "merged": merged} for survivor, merged in permutations(ids, 2)]
    answers = await asyncio.gather(
        *(houses[n % len(houses)].http.post("/v1/merges", json=body) for n, body in enumerate(bodies))
    )
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert (len(made), {a.status_code for a in answers}) == (3, {201, 409}), [a.text for a in answers]
    await houses[0].follow()
    assert await people(houses[0], *ids) == [set(ids)] * 4
    # and undoing one of them at the same moment happens once
    undone = await asyncio.gather(*(house.http.post(f"/v1/merges/{made[0]}/undo") for house in (*houses, *houses)))
    assert sorted(answer.status_code for answer in undone)[:2] == [200, 409]
    await houses[0].follow()
    parts = await people(houses[0], *ids)
    assert len({frozenset(part) for part in parts}) == 2


async def test_in_one_process(house: House) -> None:
    await all_at_once([house])


async def test_in_two_processes_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with (
        open_house(SERVICE, tmp_path, postgres_url) as one,
        open_house(SERVICE, tmp_path / "other", postgres_url) as other,
    ):
        await all_at_once([one, other])
