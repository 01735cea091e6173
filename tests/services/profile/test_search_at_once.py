"""Searching on PostgreSQL, and workers who fold facts of one person at the same moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

from services.profile.app import SERVICE
from tests.services.house import House, open_house
from tests.services.profile.test_merges import known
from tests.services.profile.test_search import DO, search


async def each_alone(house: House, subjects: list[str]) -> None:
    """Views take the new facts of each subject in a transaction of its own, all at once, as workers of different
    partitions do."""
    new = [e for e in await house.facts() if e.sequence > house.seen.get(e.subject, 0)]
    house.seen |= {event.subject: event.sequence for event in new}
    await asyncio.gather(*(house.fold([e for e in new if e.subject == subject]) for subject in subjects))


async def test_what_two_workers_hear_at_once_is_all_found(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        for n in range(12):
            one, other = await known(house, f"pos:{n}", name=f"An{n}"), await known(house, f"crm:{n}", name=f"Bình{n}")
            await house.follow()
            await house.post("/v1/merges", {"survivor": one, "merged": other})
            await house.post("/v1/customers/upsert", {"ref": f"pos:{n}", "name": f"Châu{n}"}, 200)
            await each_alone(house, [one, other])
            assert await search(house, f"binh{n}") == [one]
            assert await search(house, f"chau{n} binh{n}") == [one]
            assert await search(house, f"an{n}") == []


async def test_nor_is_anything_missed_of_who_was_not_known_yet(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        for n in range(12):
            other = await known(house, f"crm:{n}", name=f"Bình{n}", owner=f"lan{n}")
            await house.follow()
            record = {"kind": "external", "name": f"An{n}", "refs": [f"pos:{n}", f"crm:{n}"]}
            one = (await house.post("/v1/customers", record))["id"]
            await each_alone(house, [one, other] if n % 2 else [other, one])
            assert await search(house, f"binh{n}") == [one]
            assert await search(house, f"an{n}") == [one]
            assert [c["id"] for c in (await house.get("/v1/customers", owner=f"lan{n}"))["items"]] == [one]


async def test_postgresql_finds_as_sqlite_does(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        do = await known(house, "pos:1", **DO)
        others = [await known(house, f"pos:n{n}", name=f"Nguyễn {n}", owner="lan" if n % 2 else None) for n in range(7)]
        for q in ("nguyen thi", "0912 345 678", "091234", "do.nguyen@example.com", "crm:7 b", "nguyen 0912345678"):
            assert await search(house, q) == [do], q
        assert set(await search(house, "nguyen", limit=3)) == {do, *others}
        assert await search(house, "nguyen", limit=2, sort="created") == (await search(house, "nguyen"))[::-1]
        assert set(await search(house, "ngu", owner="lan", sort="stage", limit=1)) == set(others[1::2])
        assert set(await search(house, owner=[None, "lan"], limit=3)) == {do, *others}
        told = await house.post_read("/v1/customers/search", {"q": "nguyen", "total": True})
        assert told["total"] == 8
        await house.post(f"/v1/customers/{do}/erasure", {"reason": "request"}, 202)
        assert await search(house, "thi") == []
