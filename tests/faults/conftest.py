"""Engines in pairs, as deployments have them: SQLite with the embedded log, PostgreSQL with Kafka."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import KAFKA_ADDRESS, POSTGRES_URL, SERVICES, ask
from tests.engines.postgres import database, execute
from tests.faults.nursery import Nursery
from tests.faults.workload import workload
from tests.faults.world import Place, world


@dataclass(frozen=True)
class Engines:
    """Where a test's database and log are."""

    name: str
    database_url: str
    log_url: str


@pytest.fixture(params=["embedded", "distributed"])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engines]:
    """A fresh database and an empty log on each pair."""
    if request.param == "embedded":
        yield Engines("embedded", f"sqlite+aiosqlite:///{tmp_path}/store.db", f"embedded://{tmp_path}/log.db")
        return
    server = os.environ.get(POSTGRES_URL) or ask("postgres 18")
    broker = os.environ.get(KAFKA_ADDRESS) or ask("kafka")
    with database(server) as url:
        yield Engines("distributed", url, f"kafka://{broker}?prefix=test-{uuid.uuid4().hex[:12]}.")


@pytest.fixture(params=["embedded", "distributed"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Empty databases of all services and an empty log, on each pair."""
    if request.param == "embedded":
        return embedded(tmp_path)
    url, broker = request.getfixturevalue("services_url"), request.getfixturevalue("kafka_url")
    for service in SERVICES:
        execute(url.replace("{service}", service), EMPTY)
    return Place("distributed", url, f"{broker}?prefix={request.getfixturevalue('topic_prefix')}")


EMPTY = """
DO $$ DECLARE filled text; BEGIN
  SELECT string_agg(quote_ident(tablename), ', ') INTO filled FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'store_meta');
  IF filled IS NOT NULL THEN
    EXECUTE 'TRUNCATE ' || filled || ' RESTART IDENTITY';
    DELETE FROM store_meta WHERE name NOT LIKE 'views:%';
  END IF;
END $$
"""
"""To empty tables costs a tenth of what new databases do."""


@pytest.fixture(scope="session")
def services_url() -> Iterator[str]:
    """One database for each service, kept over the tests."""
    with databases(os.environ.get(POSTGRES_URL) or ask("postgres 18")) as url:
        yield url


def embedded(folder: Path) -> Place:
    """Empty files."""
    return Place("embedded", f"sqlite+aiosqlite:///{folder}/{{service}}.db", f"embedded://{folder}/log.db")


@contextmanager
def databases(server: str) -> Iterator[str]:
    """One database for each service on a server, dropped afterwards: the URL with `{service}` in it."""
    stem = f"test_{uuid.uuid4().hex}"
    with ExitStack() as stack:
        for service in SERVICES:
            stack.enter_context(database(server, f"{stem}_{service}"))
        yield f"{server.rsplit('/', 1)[0]}/{stem}_{{service}}"


Undisturbed = Callable[[Sequence[str], Sequence[str]], dict[str, Any]]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What comes of the workload where nothing goes wrong, by services and consumers; the same on all engines."""

    async def run(names: Sequence[str], consumers: Sequence[str]) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("undisturbed")
        async with world(embedded(folder), names, consumers) as calm:
            assert {r["status"] for r in await calm.tell(workload())} == {"appended"}
            await calm.settle()
            return await calm.outcome()

    @cache
    def outcome(names: Sequence[str], consumers: Sequence[str]) -> dict[str, Any]:
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(asyncio.run, run(names, consumers)).result()

    return outcome


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where mortal processes come from."""
    made = Nursery(tmp_path_factory.mktemp("nursery") / "log")
    yield made
    made.close()
