"""Many calls that hold together or not at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from libs.events.decider import Refused
from libs.events.desk import Asked
from libs.events.service import Platform
from libs.events.store import StoreUnavailable
from libs.events.store.errors import is_taken, is_transient
from libs.events.store.within import RolledBack
from libs.events.units import Outcome, Verdict

TRIES = 8
NONE_DONE = Refused("none_done", "all or none was asked for, and another item was refused")


async def all_or_none(platform: Platform, asked: Sequence[Asked[Any]]) -> list[Outcome]:
    """Performs calls in order in one transaction, which lasts only if all of them are accepted.

    Else every refused one says why, and those that would have been appended are conflicts (`none_done`). Safe to
    repeat where calls carry keys. Raises `StoreUnavailable`.
    """
    for attempt in range(TRIES):
        outcomes: list[Outcome] = []
        try:
            async with platform.database.begin() as tx:
                desk = platform.desk.within(tx)
                outcomes = await desk.perform_all(asked)
                if any(outcome.refusal for outcome in outcomes):
                    raise RolledBack
            return outcomes
        except RolledBack:
            return [_undone(outcome) for outcome in outcomes]
        except Exception as error:
            if not (is_transient(error) or is_taken(error)):
                raise
            reason = type(error).__name__
        await asyncio.sleep(random.uniform(0.5, 1.5) * min(0.01 * 2**attempt, 1.0))
    raise StoreUnavailable(reason)


def _undone(outcome: Outcome) -> Outcome:
    if outcome.refusal or all(verdict.status == "already" for verdict in outcome.verdicts):
        return outcome
    return Outcome((Verdict("conflict", refusal=NONE_DONE),))
