from pathlib import Path

import pytest

from tests.libs.web import toy


@pytest.fixture
def service(tmp_path: Path) -> toy.Toy:
    """A fresh toy service."""
    return toy.make(tmp_path)
