"""The table, as aligned text and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.harness import Line

HEAD = ("what", "measured", "compared to", "measured", "ratio", "target", "met")


def cells(line: Line) -> tuple[str, ...]:
    """A line's cells."""
    ratio = f"{line.ratio:.2f} ×" if line.ratio is not None else ""
    met = {True: "yes", False: "NO", None: ""}[line.met]
    return line.what, line.ours, line.compared, line.theirs, ratio, line.target, met


def as_text(groups: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """Columns aligned by blanks, one heading for each row of the requirements."""
    rows = [HEAD, *(cells(line) for _, lines in groups for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    told = [aligned(HEAD, widths)]
    for title, lines in groups:
        told += ["", title, *(aligned(cells(line), widths) for line in lines)]
    return "\n".join(told)


def aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """One line of text."""
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def as_markdown(groups: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """One Markdown table."""
    told = [f"| {' | '.join(HEAD)} |", "|" + " --- |" * len(HEAD)]
    for title, lines in groups:
        told.append(f"| **{title}** |" + " |" * (len(HEAD) - 1))
        told += [f"| {' | '.join(cells(line))} |" for line in lines]
    return "\n".join(told)
