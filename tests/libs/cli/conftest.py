from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from libs.cli import screen
from libs.cli.main import app
from tests.libs.cli.door import KEY, Door, open_door

Careledger = Callable[..., Result]


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as opened:
        yield opened


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's width is read once a process, whichever test comes first."""
    monkeypatch.setattr(screen.out, "_width", 140)
    monkeypatch.setattr(screen.err, "_width", 140)


@pytest.fixture
def careledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Careledger:
    """Calls the command line as a user does, away from everybody's data."""
    monkeypatch.chdir(tmp_path)
    for name in ("CARELEDGER_KEYS_FILE", "CARELEDGER_DATABASE_URL", "CARELEDGER_LOG_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CARELEDGER_KEY", KEY)
    monkeypatch.setenv("COLUMNS", "140")
    return lambda *args: CliRunner().invoke(app, [str(a) for a in args])
