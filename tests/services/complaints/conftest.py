"""A complaints service of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.complaints.app import SERVICE
from tests.services.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(SERVICE, tmp_path) as opened:
        yield opened
