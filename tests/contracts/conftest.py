"""Every contract runs against every adapter of its port."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import POSTGRES_URL, ask
from tests.engines.postgres import database
from tests.support.stores import Opened, open_store

_SERVERS = ["given"] if POSTGRES_URL in os.environ else ["18", "system"]


@pytest.fixture(params=["sqlite", *(f"postgresql-{s}" for s in _SERVERS)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database on each engine."""
    engine, _, version = request.param.partition("-")
    if engine == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/store.db"
        return
    server = os.environ[POSTGRES_URL] if version == "given" else ask(f"postgres {version}")
    with database(server) as url:
        yield url


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Opened]:
    async with open_store(database_url) as opened:
        yield opened
