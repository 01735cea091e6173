"""What time itself brings about: promises broken, planned care missed.

Both are keyed by what they are about and carry as cause the fact that set the time, so any number of processes may
look at once, and equal histories stay equal whenever somebody looked. The rules have the last word under the lock.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from libs.events.decider import Command
from libs.events.service import Platform
from libs.events.units import Request, Unit
from services.care.domain.commands import Break, Miss
from services.care.projections import deliveries, promises
from services.care.settings import CareSettings

BATCH = 500


async def tick(platform: Platform, settings: CareSettings) -> int:
    """Declares what ran out by now; answers how many facts that made."""
    units = await run_out(platform, settings)
    outcomes = await platform.store.execute_all(units) if units else []
    return sum(verdict.status == "appended" for outcome in outcomes for verdict in outcome.verdicts)


async def run_out(platform: Platform, settings: CareSettings) -> list[Unit]:
    """What the views know to have run out. They lag a little, so what they still show may be done with by now."""
    now, settled = platform.clock.now(), timedelta(days=settings.settled_days)
    broken, missed = timedelta(days=settings.broken_after_days), timedelta(days=settings.missed_after_days)
    async with platform.database.read() as reader:
        over = (await reader.conn.execute(promises.run_out(now - broken - settled, now - broken, BATCH))).all()
        undone = (await reader.conn.execute(deliveries.run_out(now - missed - settled, now - missed, BATCH))).all()
    return [
        *(_unit(r.subject, Break(at=r.due + broken, promise=r.id), f"broken {r.id}", r.made_by) for r in over),
        *(_unit(r.subject, Miss(at=r.due + missed, delivery=r.id), f"missed {r.id}", r.planned_by) for r in undone),
    ]


def _unit(subject: str, command: Command, what: str, cause: str) -> Unit:
    name = f"timer {what}"
    return Unit((Request(subject, command, name, hashlib.sha256(name.encode()).hexdigest()[:32], cause),))
