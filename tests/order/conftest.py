"""Scoring on either database engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import POSTGRES_URL, ask
from tests.engines.postgres import database
from tests.order.scoring import Scoring, opened


@pytest.fixture(params=["sqlite", "postgresql"])
def scoring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scoring]:
    """An empty read model."""
    if request.param == "sqlite":
        with opened("sqlite", f"sqlite+aiosqlite:///{tmp_path}/scoring.db") as made:
            yield made
        return
    with database(os.environ.get(POSTGRES_URL) or ask("postgres 18")) as url, opened("postgresql", url) as made:
        yield made
