"""How long a rebuild takes: what it empties, what it reads again, all of it; it is to grow no faster than the facts."""

from __future__ import annotations

import time

from libs.events.consuming import rebuild
from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench.counting import project
from tests.bench.engines import Bench
from tests.bench.harness import Line
from tests.bench.made import facts, ids, publish

SLACK = 1.3


async def run(bench: Bench) -> list[Line]:
    """One line a size; each is compared to the size before it."""
    lines, before = [], 0.0
    for count in (10_000, 100_000, 1_000_000)[: bench.pick(3, 2)]:
        seconds = await rebuilt(bench, count)
        each = seconds / count * 1e6
        line = Line(f"{count:,} facts", f"{seconds:.1f} s, {each:.0f} µs each")
        if before:
            line = Line(line.what, line.ours, "a fact at a tenth of the size", f"{before:.0f} µs", each / before,
                        f"≤ {SLACK} ×", each <= SLACK * before)  # fmt: skip
        lines.append(line)
        before = each
    return lines


async def rebuilt(bench: Bench, count: int) -> float:
    """Seconds from the call to the last commit."""
    with bench.site() as site:
        async with assembled(site.settings, ["scoring"]) as [scoring]:
            await publish(scoring.log, facts(count, ids(count // 12)))
            settle()
            await project(scoring, site.settings, count)
            started = time.perf_counter()
            await rebuild(scoring.platform.database, scoring.definition.views(scoring.platform))
            return (await project(scoring, site.settings, count)).moments[-1][0] - started
