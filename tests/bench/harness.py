"""Measuring: turns, medians, percentiles, and a line of the table."""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

Measured = Callable[[], Awaitable[float]]
MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, what it is compared to, the target and whether it is met (None: it has
    none of its own)."""

    what: str
    ours: str
    compared: str = ""
    theirs: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def rate(value: float, unit: str = "/s") -> str:
    """A figure as the table has it."""
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:,.1f}{unit}"


def compared(
    what: str, ours: Sequence[float], compared_to: str, theirs: Sequence[float], target: float, least: float = 0
) -> Line:
    """A line of two rates: the ratio of the medians is to reach `target`; ours alone `least`, where that is given."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    wanted = f"≥ {target:.2g} ×" + (f" and ≥ {rate(least)}" if least else "")
    return Line(what, spread(ours), compared_to, spread(theirs), ratio, wanted, ratio >= target and mine >= least)


def spread(values: Sequence[float], unit: str = "/s") -> str:
    """The median, with the least and the most where there are several."""
    middle = rate(statistics.median(values), unit)
    return f"{middle} ({rate(min(values), '')}–{rate(max(values), '')})" if len(values) > 1 else middle


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all do not exceed, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def latency(what: str, seconds: Sequence[float], target_ms: float, lost: int = 0) -> Line:
    """A line of waiting times: p99 is to stay within `target_ms`, and nothing may be lost."""
    p50, p99 = (percentile(seconds, share) * MILLI for share in (0.5, 0.99))
    said = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms (n {len(seconds):,}, most {max(seconds) * MILLI:.0f} ms)"
    if lost:
        said += f", {lost} NOT SEEN"
    return Line(what, said, target=f"p99 ≤ {target_ms:g} ms", met=p99 <= target_ms and not lost)


async def turns(times: int, ours: Measured, theirs: Measured, *, warm: bool = True) -> tuple[list[float], list[float]]:
    """Both by turns, `times` each; with `warm`, a first turn of each does not count."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(times + warm):
        for measure, values in zip((ours, theirs), found, strict=True):
            gc.collect()
            value = await measure()
            if turn >= warm:
                values.append(value)
    return found


async def for_a_while(callers: int, seconds: float, call: Callable[[int], Awaitable[object]]) -> float:
    """Calls by so many callers at once, each as soon as its last one is done: calls a second."""
    done = 0
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call(number)
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    return done / (time.perf_counter() - started)


async def paced(per_second: float, seconds: float, call: Callable[[int], Coroutine[Any, Any, object]]) -> None:
    """Calls at a steady rate, however long each takes; the first that fails ends it."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            if (early := started + number / per_second - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(call(number))


async def until(true: Callable[[], Awaitable[bool]], patience: float = 60) -> None:
    """Waits until something holds. Raises `TimeoutError`."""
    async with asyncio.timeout(patience):
        while not await true():  # noqa: ASYNC110 (what is asked is a database or a process)
            await asyncio.sleep(0.05)


def tell(text: str) -> None:
    """How far it is, for whoever waits; the table alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)
