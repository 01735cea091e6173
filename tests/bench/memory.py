"""How much memory processes hold, and whether it grows."""

from __future__ import annotations

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

    def look(self) -> None:
        """Notes what each holds now."""
        for one in self._running:
            self._seen[one.name].append(one.resident / MIB)

    def lines(self) -> list[Line]:
        """One line a process: at the start, after warming up, at the end."""
        return [line(name, values) for name, values in self._seen.items()]


def line(name: str, values: Sequence[float]) -> Line:
    """Flat: the end is hardly above what it was once warm."""
    start, warm, end = values[0], values[1], values[-1]
    said = f"{start:.0f} MiB at the start, {warm:.0f} warm, {end:.0f} at the end"
    target = f"≤ {MOST} MiB, growth ≤ {GROWTH} ×"
    return Line(f"memory of {name}", said, "once warm", f"{warm:.0f} MiB", end / warm, target,
                max(values) <= MOST and end <= GROWTH * warm)  # fmt: skip
