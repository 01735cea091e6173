"""`careledger import`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from libs.cli.address import Key, Url


class Kind(StrEnum):
    """What a file tells of."""

    customers = "customers"
    purchases = "purchases"
    answers = "answers"
    events = "events"


def _option(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, help=text, show_default=False)
    return option


File = Annotated[str, typer.Argument(help="CSV with a header, or JSON Lines, in UTF-8; - is the standard input.")]
System = Annotated[str, _option("--system", "System of plain customer names: pos makes 17 the reference pos:17.")]
Survey = Annotated[str, _option("--survey", "Survey that was answered, where the rows do not say.")]
Currency = Annotated[str, _option("--currency", "Currency of the amounts, where the rows do not say.")]
At = Annotated[str, _option("--at", "When rows without a time happened, such as the day of an export; default: now.")]
Zone = Annotated[str, _option("--zone", "Time zone of times that name none; default: UTC.")]
Map = Annotated[list[str] | None, _option("--map", "Which member a column tells; nothing after the = leaves it out.")]
Name = Annotated[str, _option("--source", "Source of the events, to know them again; default: /import/KIND/SYSTEM.")]
Called = Annotated[str, _option("--name", "Name of the import, to take it back by; default: made of the file's bytes.")]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Take the good rows of a file that has bad ones.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Let the services judge every row, and change nothing.")]
Bad = Annotated[Path | None, _option("--report", "Write every row that was not taken to this file, as JSON Lines.")]
Batch = Annotated[int, typer.Option("--batch", min=1, max=1000, help="Events sent in one call.")]


def import_file(
    file: File, kind: Annotated[Kind, _option("--kind", "What the file tells of.")], url: Url = "", key: Key = "",
    system: System = "", survey: Survey = "", currency: Currency = "", at: At = "", zone: Zone = "UTC",
    mapped: Map = None, source: Name = "", name: Called = "", dry_run: DryRun = False, keep_going: KeepGoing = False,
    report: Bad = None, batch: Batch = 500,
) -> None:  # fmt: skip
    """Bring in a file of customers, purchases, answers or events.

    Columns have the names of the call's members (name, emails, order, amount, currency, at, items.kept, nps …), or are
    told by --map. Importing again is safe: a row that was taken before is told as already.

    The services judge the whole file first: where a row is bad nothing is taken, unless --keep-going. What was imported
    is taken back by `careledger imports undo` (customers and purchases).

    Example: careledger import orders.csv --kind purchases --system pos --currency USD --map customer_no=customer

    Example: careledger import people.jsonl --kind customers --dry-run --report bad.jsonl

    The exit code is 0 where no row is bad, 1 where some are, 2 where the work could not be done.
    """
    from libs.cli.address import address
    from libs.cli.importing.options import Options, maker
    from libs.cli.importing.reading import Source, Unreadable
    from libs.cli.importing.running import work
    from libs.cli.screen import fail

    there = address(url, key)
    try:
        opened = Source(file)
    except Unreadable as why:
        fail(str(why))
    options = Options(system, survey, currency, at, zone, tuple(mapped or ()), source, name)
    with opened:
        made = maker(opened, kind.value, options)
        work(there, opened, made, report, batch=batch, dry_run=dry_run, keep_going=keep_going)
