"""Whoever was merged into somebody who is forgotten is forgotten, too.

Erasing a person erases all ids that are known to be theirs. Views lag behind the store by a moment: an id that was
merged in just before may be missed. It is found here, soon after, by an edge that leads to nobody.
"""

from __future__ import annotations

import hashlib

from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.units import Request, Unit
from services.profile.domain.commands import Erase
from services.profile.projections.customers import into_nobody

EVERY = 30.0
"""Seconds between looks."""
BATCH = 100


async def forget_the_rest(platform: Platform) -> int:
    """Erases ids that were left behind; how many."""
    async with platform.database.read() as reader:
        left = (await reader.conn.execute(into_nobody(BATCH))).all()
    if not left:
        return 0
    survivors = await platform.store.load({row.survivor for row in left})
    units = []
    for subject, survivor in left:
        if survivors[survivor].erased_before is None:
            continue  # of two facts of two ids, the view has heard the later one first
        (erased,) = await platform.store.history(survivor, survivors[survivor].sequence - 1, 1)
        units.append(_forgetting(platform, subject, erased))
    outcomes = await platform.store.execute_all(units)
    return sum(verdict.status == "appended" for outcome in outcomes for verdict in outcome.verdicts)


def _forgetting(platform: Platform, subject: str, erased: Event) -> Unit:
    name = f"forgotten with {erased.id} {subject}"
    command = Erase(at=platform.clock.now(), reason=erased.data["reason"])
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    return Unit((Request(subject, command, name, key, cause=erased.id, erases=True),))
