"""Runs an import with somebody watching: progress, summary, exit code."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from libs.cli.address import Address
from libs.cli.importing.events import Maker
from libs.cli.importing.naming import settled
from libs.cli.importing.pipeline import Pipeline
from libs.cli.importing.reading import Source
from libs.cli.importing.report import Report
from libs.cli.screen import BAD, INTERRUPTED, err, fail, out
from libs.cli.sending.sender import GaveUp, NotServed, Sender


def work(
    there: Address, source: Source, maker: Maker, bad: Path | None, *, batch: int, dry_run: bool, keep_going: bool
) -> None:
    """Imports, and ends the command with its exit code. Unless it is to keep going, the whole file is judged first, and
    nothing is taken where a row is bad."""
    began = time.monotonic()
    with ExitStack() as stack:
        try:
            file = stack.enter_context(bad.open("wb")) if bad else None
        except OSError as error:
            fail(f"the report cannot be written ({error.strerror})")
        judged = dry_run or not keep_going
        report = Report(file)
        failure = _pass(there, source, maker, report, stack, batch, rehearse=judged)
        if judged and not dry_run and not failure and not report.bad:
            if file:
                file.seek(0)
                file.truncate()
            report, judged = Report(file), False
            again = stack.enter_context(source.again())
            failure = _pass(there, again, replace(maker, seen=defaultdict(int)), report, stack, batch, rehearse=False)
    if report.rows or not failure:
        report.show(out, time.monotonic() - began, dry_run=judged)
    if isinstance(failure, KeyboardInterrupt):
        err.print("stopped" if judged else "stopped; importing the file again goes on where this ended")
        raise typer.Exit(INTERRUPTED)
    if failure:
        goes_on = "; importing the file again goes on where this ended" if report.rows and not judged else ""
        fail(f"{there.url}: {failure}{goes_on}")
    if judged and report.bad and not dry_run:
        err.print("nothing was imported: --keep-going takes the good rows of a file that has bad ones")
    raise typer.Exit(BAD if report.bad else 0)


def _pass(
    there: Address, source: Source, maker: Maker, report: Report, stack: ExitStack, batch: int, *, rehearse: bool
) -> BaseException | None:
    bar = stack.enter_context(Bar(source.size))

    async def run() -> None:
        async with Sender(there, dry_run=rehearse) as sender:
            await sender.greet()
            if maker.columns.custom:
                maker.columns.declared = await declared(sender)
            named = await settled(maker, sender)
            await Pipeline(source, named, report, bar).run(sender, batch)
            if named.importid and report.counts["appended"] and not rehearse:
                err.print(f"import {named.importid}: `careledger imports undo {named.importid}` takes it back")

    try:
        asyncio.run(run())
    except (GaveUp, NotServed, KeyboardInterrupt) as failure:
        return failure
    return None


async def declared(sender: Sender) -> dict[str, str]:
    """The types of custom fields by key; none where our key may publish events and nothing else."""
    try:
        return {each["key"]: each["type"] for each in (await sender.get("/v1/customers/fields"))["items"]}
    except NotServed:
        return {}


class Bar(Progress):
    """How far the file is read, how fast, how many rows are bad; on terminals only."""

    def __init__(self, size: int) -> None:
        super().__init__(
            TextColumn("{task.fields[rows]:,} rows"), BarColumn(), TaskProgressColumn(),
            TextColumn("{task.fields[rate]:,.0f} rows/s"), TextColumn("{task.fields[bad]:,} bad"),
            TimeRemainingColumn(), console=err, transient=True, disable=not err.is_terminal,
        )  # fmt: skip
        self._began = time.monotonic()
        self._bar = self.add_task("import", total=size or None, rows=0, rate=0.0, bad=0)

    def __enter__(self) -> Bar:
        super().__enter__()
        return self

    def __call__(self, read: int, report: Report) -> None:
        """Shows where things stand."""
        seconds = max(time.monotonic() - self._began, 0.001)
        self.update(self._bar, completed=read, rows=report.rows, rate=report.rows / seconds, bad=report.bad)
