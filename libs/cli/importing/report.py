"""What became of the rows: counted, shown, and written down. What a row holds is never repeated anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson
from rich.console import Console
from rich.table import Table

from libs.cli.sending.verdicts import STATUSES, Verdict

SHOWN = 20
"""Bad rows shown on the terminal; the report has them all."""
MEANS = {
    "appended": "new",
    "already": "were there",
    "parked": "wait for what they refer to",
    "erased": "about somebody who was erased: refused rightly",
    "conflict": "against the rules",
    "invalid": "cannot be understood",
    "forbidden": "not allowed with this key",
}


@dataclass(slots=True)
class Report:
    """Counts verdicts, keeps the first bad ones to be shown, and writes each that was not accepted to `file`."""

    file: BinaryIO | None = None
    counts: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    shown: list[tuple[int, Verdict]] = field(default_factory=list)

    def tell(self, number: int, line: int, event_id: str, verdict: Verdict) -> None:
        """One row's verdict. `event_id` is "" where no event was made of it."""
        self.counts[verdict.status] += 1
        if verdict.bad:
            self.bad += 1
            if len(self.shown) < SHOWN:
                self.shown.append((number, verdict))
        if self.file and (verdict.bad or verdict.status == "erased"):
            problems = [{"pointer": f.pointer, "code": f.code, "message": f.message} for f in verdict.faults]
            told = {"row": number, "line": line, "status": verdict.status, "problems": problems}
            self.file.write(orjson.dumps(told | ({"id": event_id} if event_id else {})) + b"\n")

    @property
    def rows(self) -> int:
        """Rows that have a verdict."""
        return self.counts.total()

    def show(self, console: Console, seconds: float, *, dry_run: bool = False) -> None:
        """Prints the bad rows (the first of them) and the summary."""
        self.show_faults(console)
        summary = Table(title="would become of the rows" if dry_run else "the rows", title_justify="left", box=None)
        summary.add_column("status")
        summary.add_column("rows", justify="right")
        summary.add_column("", style="dim")
        for status in _used(self.counts):
            summary.add_row(status, f"{self.counts[status]:,}", MEANS.get(status, ""))
        console.print(summary)
        rate = f", {self.rows / seconds:,.0f} rows/s" if seconds >= 0.1 else ""
        console.print(f"{self.rows:,} rows in {seconds:.1f} s{rate}", style="dim")

    def show_faults(self, console: Console) -> None:
        """Prints the first bad rows, if there are any."""
        if self.shown:
            console.print(self._faults())

    def _faults(self) -> Table:
        left_out = self.bad - len(self.shown)
        caption = f"and {left_out:,} more: --report FILE writes them all" if left_out else None
        table = Table("row", "member", "code", "what is wrong", title="bad rows", box=None, caption=caption)
        table.title_justify = table.caption_justify = "left"
        table.columns[0].justify = "right"
        for number, verdict in sorted(self.shown, key=lambda s: s[0]):
            for fault in verdict.faults[:3]:
                table.add_row(f"{number:,}", fault.pointer, fault.code, fault.message)
        return table


def _used(counts: Counter[str]) -> Sequence[str]:
    """The statuses to list: the usual ones even where there are none, others only where they occur."""
    return [s for s in STATUSES if counts[s] or s in ("appended", "already", "invalid")] + [
        s for s in sorted(counts) if s not in STATUSES
    ]
