"""What is said to the person at the terminal, and how a command ends."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

BAD, USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes: the command did its work and found bad rows; it could not do its work; somebody stopped it."""

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def whole(table: Table) -> None:
    """Prints a table of names that other commands ask for: rather wider than the screen than with one cut short."""
    table.width = Measurement.get(out, out.options.update(max_width=10_000), table).maximum
    out.print(table, soft_wrap=True)


def fail(message: str) -> NoReturn:
    """Says why the command cannot do its work, and ends it. `message` holds nothing personal."""
    err.print(message, style="red", markup=False)
    raise typer.Exit(USAGE)
