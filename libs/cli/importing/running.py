"""Runs an import with somebody watching: progress, summary, exit code."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from libs.cli.address import Address
from libs.cli.importing.events import Maker
from libs.cli.importing.pipeline import Pipeline
from libs.cli.importing.reading import Source
from libs.cli.importing.report import Report
from libs.cli.screen import BAD, INTERRUPTED, err, fail, out
from libs.cli.sending.sender import GaveUp, NotServed, Sender


def work(there: Address, source: Source, maker: Maker, bad: Path | None, *, batch: int, dry_run: bool) -> None:
    """Imports, and ends the command with its exit code."""
    began = time.monotonic()
    with ExitStack() as stack:
        try:
            report = Report(stack.enter_context(bad.open("wb")) if bad else None)
        except OSError as error:
            fail(f"the report cannot be written ({error.strerror})")
        pipeline = Pipeline(source, maker, report, stack.enter_context(Bar(source.size)))
        failure = _failure(there, pipeline, batch, dry_run)
    if report.rows or not failure:
        report.show(out, time.monotonic() - began, dry_run=dry_run)
    if isinstance(failure, KeyboardInterrupt):
        err.print("stopped; importing the file again goes on where this ended")
        raise typer.Exit(INTERRUPTED)
    if failure:
        fail(f"{there.url}: {failure}" + ("; importing the file again goes on where this ended" if report.rows else ""))
    raise typer.Exit(BAD if report.bad else 0)


def _failure(there: Address, pipeline: Pipeline, batch: int, dry_run: bool) -> BaseException | None:
    async def run() -> None:
        async with Sender(there, dry_run=dry_run) as sender:
            await sender.greet()
            await pipeline.run(sender, batch)

    try:
        asyncio.run(run())
    except (GaveUp, NotServed, KeyboardInterrupt) as failure:
        return failure
    return None


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
