"""How much memory processes hold, whether it grows, and how much they work."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.bench.harness import Line
from tests.bench.processes import Running

MIB = 1024 * 1024
MOST, GROWTH = 250, 1.1


class Memory:
    """Resident memory of some processes, at moments with a name."""

    def __init__(self, running: Sequence[Running]) -> None:
        self._running = running
        self._seen: dict[str, list[float]] = {one.name: [] for one in running}
        self._worked: dict[str, list[tuple[float, float]]] = {one.name: [] for one in running}

    def look(self) -> None:
        """Notes what each holds now."""
        for one in self._running:
            self._seen[one.name].append(one.resident / MIB)
            self._worked[one.name].append((time.perf_counter(), one.worked))

    def lines(self) -> list[Line]:
        """One line a process: at the start, after warming up, at the end."""
        return [line(name, values, busy(*self._worked[name][-2:])) for name, values in self._seen.items()]


def busy(before: tuple[float, float], after: tuple[float, float]) -> float:
    """The share of one processor between two looks."""
    return (after[1] - before[1]) / (after[0] - before[0])


def line(name: str, values: Sequence[float], work: float) -> Line:
    """Flat: the end is hardly above what it was once warm."""
    start, warm, end = values[0], values[1], values[-1]
    said = f"{start:.0f} MiB at the start, {warm:.0f} warm, {end:.0f} at the end; processor {work:.0%}"
    target = f"≤ {MOST} MiB, growth ≤ {GROWTH} ×"
    return Line(f"memory of {name}", said, "once warm", f"{warm:.0f} MiB", end / warm, target,
                max(values) <= MOST and end <= GROWTH * warm)  # fmt: skip
