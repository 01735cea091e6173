"""Every contract runs against every adapter of its port."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import POSTGRES_URL, ask
from tests.engines.postgres import database
from tests.support.logs import opened as opened_log
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


@pytest.fixture(params=["embedded", "kafka"])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A log of the test's own on each engine; the tests of one engine have their own."""
    if request.param == "embedded":
        return f"embedded://{tmp_path}/log.db"
    return f"{request.getfixturevalue('kafka_url')}?prefix={request.getfixturevalue('topic_prefix')}"


@pytest.fixture
async def log(log_url: str) -> AsyncIterator[Any]:
    """The same, started."""
    async with opened_log(log_url) as log:
        yield log
