"""PostgreSQL's connections: bounded, kept, and thrown away where they broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.events.store.postgres import PostgresDatabase

BACKEND = "SELECT pg_backend_pid()"


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url, pool_size=2)
    yield opened
    await opened.close()


async def test_the_one_used_last_is_used_next(database: PostgresDatabase) -> None:
    found = set()
    for _ in range(5):
        async with database.begin() as tx:
            found.add(await tx.driver.fetchval(BACKEND))
    assert len(found) == 1


async def test_there_are_never_more_than_the_pool_has(database: PostgresDatabase) -> None:
    async def user() -> int:
        async with database.read() as reader:
            await asyncio.sleep(0.02)
            return int(await reader.driver.fetchval(BACKEND))

    assert len(set(await asyncio.gather(*(user() for _ in range(8))))) == 2


async def test_one_that_the_server_closed_is_not_given_out_again(database: PostgresDatabase) -> None:
    async with database.read() as reader, database.read() as other:
        first = await reader.driver.fetchval(BACKEND)
        await other.driver.execute("SELECT pg_terminate_backend($1)", first)
        await asyncio.sleep(0.1)
    for _ in range(4):
        async with database.begin() as tx:
            assert await tx.driver.fetchval(BACKEND) != first


async def test_a_transaction_that_failed_leaves_nothing_behind(database: PostgresDatabase) -> None:
    for _ in range(4):
        with pytest.raises(ZeroDivisionError):
            async with database.begin():
                raise ZeroDivisionError
    async with database.read() as reader:
        assert not reader.driver.is_in_transaction()


async def test_who_is_cancelled_in_the_middle_gives_the_place_back(database: PostgresDatabase) -> None:
    async def slow() -> None:
        async with database.begin() as tx:
            await tx.driver.execute("SELECT pg_sleep(30)")

    for _ in range(3):
        tasks = [asyncio.create_task(slow()) for _ in range(3)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5), database.begin() as tx, database.begin() as other:
        assert await tx.driver.fetchval(BACKEND) != await other.driver.fetchval(BACKEND)
