"""What came out, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from libs.cli.demo.loading import Loaded
from libs.cli.sending.verdicts import STATUSES

NONE = "–"


def figure(of: dict[str, Any] | None, digits: int = 1, *, percent: bool = False) -> str:
    """A figure with its interval; a dash where it is not known."""
    if not of or of.get("value") is None:
        return NONE
    unit = 100 if percent else 1
    low, high = of.get("interval") or (None, None)
    shown = f"{of['value'] * unit:.{digits}f}" + ("%" if percent else "")
    if low is None or high is None:
        return shown
    return f"{shown} [dim]\\[{low * unit:.{digits}f}, {high * unit:.{digits}f}][/dim]"


def plain(value: Any) -> str:
    """A value of a score; null is not known, and never 0."""
    return NONE if value is None else str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> Table:
    """A table whose first `text` columns are words and whose others are figures."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for nth, name in enumerate(columns):
        made.add_column(name, justify="left" if nth < text else "right", no_wrap=nth < len(columns) - 1)
    for row in rows:
        made.add_row(*row)
    return made


def told(loaded: Loaded) -> Table:
    """What was told, and what became of it."""
    types = sorted({name for name, _ in loaded.counts})
    used = [s for s in STATUSES if any(loaded.counts[t, s] for t in types)]
    rows = [[name, *(f"{loaded.counts[name, s]:,}" for s in used)] for name in types]
    return table("What was told", ["event", *used], rows)


def satisfaction(report: dict[str, Any], as_of: str) -> list[RenderableType]:
    """The satisfaction report by dimension, and what of it goes across dimensions."""
    columns = ["dimension", "level", "answers", "P", "E", "gap P − E [95 %]", "not met"]
    rows = [
        [
            str(group["key"]), plain(group["level"]), f"{group['answers']:,}", figure(_bare(group["perception"])),
            figure(_bare(group["expectation"])), figure(group["gap"]), figure(_bare(group["not_met"]), percent=True),
        ]
        for group in [*report["groups"], report["total"] | {"key": "all of them"}]
    ]  # fmt: skip
    total = report["total"]
    across = (
        f"NPS {figure(total['nps'], 0)}   satisfied (CSAT) {figure(total['csat'], 0, percent=True)}   "
        f"effort (CES) {figure(total['ces'])}"
    )
    return [table(f"Satisfaction as of {as_of}", columns, rows, text=2), across]


def dissatisfaction(report: dict[str, Any]) -> Table:
    """Where the most common dissatisfaction is."""
    columns = [report["by"], "dimension", "answers", "gap", "not met"]
    rows = [
        [
            str(place["key"]), place["dimension"], f"{place['answers']}", figure(place["gap"], 0),
            figure(place["not_met"], 0, percent=True),
        ]
        for place in report["most_common_dissatisfaction"][:3]
    ]  # fmt: skip
    return table("Where dissatisfaction is most common", columns, rows, text=2)


def complaints(report: dict[str, Any], as_of: str) -> Table:
    """The complaints report by severity."""
    columns = ["severity", "spotted", "open", "corrected", "promptly", "reopened", "hours it took"]
    rows = [
        [
            str(group["key"]), *(f"{group[name]:,}" for name in ("spotted", "open", "corrected")),
            figure(group["corrected_promptly"], 0, percent=True), figure(group["reopened"], 0, percent=True),
            figure(group["hours_to_correction"], 0),
        ]
        for group in [*report["groups"], report["total"] | {"key": "all of them"}]
    ]  # fmt: skip
    return table(f"Complaints as of {as_of}", columns, rows)


def notable(customers: Sequence[tuple[str, str, dict[str, Any]]], as_of: str, *, wide: bool) -> Table:
    """Customers who stand out: (why, reference, score). `wide`: there is room for the reasons of their tiers."""
    columns = ["", "customer", "tier", "gap", "answers", "NPS", "repeats", "mean of one", "open"]
    rows = []
    for why, reference, score in customers:
        overall, loyalty = score["satisfaction"]["overall"], score["loyalty"]
        gap = NONE if overall["gap"] is None else f"{overall['gap']:+.1f}"
        money = loyalty["monetary"]
        rows.append([
            why, reference, loyalty["tier"], gap, str(overall["n"]), plain(score["satisfaction"]["nps_answer"]),
            plain(loyalty["frequency"]), f"{money['amount']} {money['currency']}" if money else NONE,
            str(score["complaints"]["open"]), *([", ".join(loyalty["reasons"])] if wide else []),
        ])  # fmt: skip
    made = table(f"Customers who stand out, as of {as_of}", [*columns, *(["because"] if wide else [])], rows, text=3)
    if wide:
        made.columns[-1].justify = "left"
    return made


def explanation(reference: str, found: dict[str, Any], score: dict[str, Any]) -> list[RenderableType]:
    """Where one customer's gap and tier come from."""
    rows = [[c["at"][:10], c["type"], c["dimension"], f"{c['contribution']:+.2f}"] for c in found["contributions"]]
    gap = found["overall"]["gap"]
    rows.append(["", "", "[bold]overall gap[/bold]", NONE if gap is None else f"[bold]{gap:+.2f}[/bold]"])
    columns = ["when", "what", "dimension", "points"]
    loyalty = score["loyalty"]
    because = f"{reference} is {loyalty['tier']}, because: {', '.join(loyalty['reasons'])}"
    return [table(f"Why: the gap of {reference}, answer by answer", columns, rows, text=3), because]


def _bare(of: dict[str, Any]) -> dict[str, Any]:
    """A figure without its interval, where the one beside it shows how sure it is."""
    return {"value": of.get("value")}
