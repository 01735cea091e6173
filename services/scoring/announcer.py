"""Looks at whom facts touched, and announces what changed in scoring's own stream.

A fact's own effect on reads is immediate; announcing comes a moment after, by whichever worker gets there first. Before
a level is announced it is compared, under the subject's lock, with the one announced last: so it is announced once
however many look, and a rebuild, which touches everybody, announces nothing that was announced before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import delete, select, text, tuple_

from libs.events.service import Platform
from libs.events.units import Request, Unit
from services.scoring.domain.announcing import Announce
from services.scoring.domain.person import admitted
from services.scoring.domain.score import picture
from services.scoring.domain.settings import ScoringSettings
from services.scoring.projections import people
from services.scoring.projections.tables import touched

BATCH = 100


async def announce(platform: Platform, settings: ScoringSettings) -> int:
    """Deals with some of those touched; how many they were."""
    async with platform.database.read() as reader:
        marks = (await reader.conn.execute(select(touched).limit(BATCH))).all()
    if not marks:
        return 0
    units = [await _unit(platform, settings, mark) for mark in marks]
    await platform.store.execute_all([unit for unit in units if unit])
    await _done(platform, marks)
    return len(marks)


async def _unit(platform: Platform, settings: ScoringSettings, mark: Any) -> Unit | None:
    person = await people.find(platform.database, mark.subject)
    if person.erased or not person.facts:
        return None
    # a fact may be dated a little ahead of our clock: it is looked at as of then
    now = max(platform.clock.now(), mark.at)
    seen = picture(admitted(person.facts, now), settings)
    tier, reasons = seen.tier(now, settings)
    command = Announce(
        at=mark.at, level=seen.satisfaction.level, gap=seen.satisfaction.gap, n=seen.satisfaction.n, tier=tier,
        reasons=reasons, caused_by=mark.event, caused_at=mark.at, tolerance=settings.tolerance,
        margin=settings.announcing_margin,
    )  # fmt: skip
    # not keyed by the cause alone: the same fact may be looked at before and after an earlier one arrives late
    name = f"announce {mark.event} {seen.satisfaction.level} {tier}"
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    return Unit((Request(person.id, command, name, key, cause=mark.event),))


async def _done(platform: Platform, marks: Sequence[Any]) -> None:
    async with platform.database.begin() as tx:
        # only the marks that were looked at: a fact that came meanwhile has put its own in their place
        seen = [(mark.subject, mark.event) for mark in marks]
        await tx.conn.execute(delete(touched).where(tuple_(touched.c.subject, touched.c.event).in_(seen)))


class Daily:
    """Once a day everybody is looked at: time alone turns a silent customer into one at risk."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._day = platform, ""

    async def run(self) -> int:
        """Touches every customer with facts, on the first call of a day (UTC)."""
        now = self._platform.clock.now()
        day = now.date().isoformat()
        if day == self._day:
            return 0
        first, self._day = not self._day, day
        if first and now.time() > time(1):
            return 0  # a start in the middle of the day: whoever ran at its beginning has looked
        midnight = datetime.combine(now.date(), time(), UTC)
        async with self._platform.database.begin() as tx:
            await tx.conn.execute(
                text(
                    "INSERT INTO touched (subject, event, at) SELECT DISTINCT subject, :mark, CAST(:at AS BIGINT) "
                    "FROM facts WHERE type = 'customer.purchased' ON CONFLICT DO NOTHING"
                ),
                {"mark": f"day {day}", "at": int(midnight.timestamp() * 1_000_000)},
            )
        return 0
