"""What is shown at the terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from libs.cli import screen


def test_a_name_that_other_commands_ask_for_is_never_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, names = StringIO(), [f"purchases-till-{n:040}" for n in range(3)]
    monkeypatch.setattr(screen, "out", Console(file=printed, width=40))
    table = Table("import", "began", "recorded", box=None)
    for name in names:
        table.add_row(name, "2026-03-01T09:00:00", "12")
    screen.whole(table)
    rows = [line.split() for line in printed.getvalue().splitlines()]
    assert rows[1:] == [[name, "2026-03-01T09:00:00", "12"] for name in names]
