"""Scoring's read model by the real projector, beside a loop written by hand for nothing but one sum a customer."""

from __future__ import annotations

import statistics

from sqlalchemy import text

from libs.events.catalogue import TOPICS
from libs.events.store.database import Database
from libs.runtime.process import settle
from libs.runtime.run import assembled
from tests.bench import hand_loop
from tests.bench.counting import project, steady
from tests.bench.engines import Bench
from tests.bench.harness import Line, rate, spread, turns
from tests.bench.made import facts, ids, publish

ENOUGH, SHARE = 15_000, 0.35
EMPTY = text("TRUNCATE facts, links, erasures, touched, consumer_offsets, consumer_applied, consumer_waiting")


async def run(bench: Bench) -> list[Line]:
    """Two purchases to one answer, twelve facts a customer."""
    count = bench.pick(100_000, 20_000)
    with bench.site() as site:
        async with assembled(site.settings, ["scoring"]) as [scoring]:
            await publish(scoring.log, facts(count, ids(count // 12)))
            settle()
            topics = [site.prefix + TOPICS[name] for name in ("profile", "care")]

            async def ours() -> float:
                await empty(scoring.platform.database)
                return steady((await project(scoring, site.settings, count)).moments)

            async def theirs() -> float:
                return await hand_loop.run(bench.kafka, site.driver_url("care"), topics, count)

            mine, other = await turns(bench.pick(5, 3), ours, theirs)
    fast, by_hand = statistics.median(mine), statistics.median(other)
    wanted = min(ENOUGH, SHARE * by_hand)
    target = f"≥ {rate(wanted)}: the lesser of {rate(ENOUGH)} and {SHARE} ×"
    return [
        Line("scoring's facts, the real projector", spread(mine), "hand-written loop, one sum a customer",
             spread(other), fast / by_hand, target, fast >= wanted)
    ]  # fmt: skip


async def empty(database: Database) -> None:
    """As if nothing was ever heard."""
    async with database.begin() as tx:
        await tx.conn.execute(EMPTY)
