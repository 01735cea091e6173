"""Engines in pairs, as deployments have them: SQLite with the embedded log, PostgreSQL with Kafka."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import KAFKA_ADDRESS, POSTGRES_URL, ask
from tests.engines.postgres import database


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
