"""Scoring put together."""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.service import Definition, Periodic, Platform
from services.scoring.announcer import Daily, announce
from services.scoring.api import reports, scores
from services.scoring.domain.announcing import Announcer
from services.scoring.domain.settings import DEFAULTS
from services.scoring.projections.facts import Facts


def _periodics(platform: Platform) -> Sequence[Periodic]:
    return (
        Periodic("announcer", 0.1, lambda: announce(platform, DEFAULTS)),
        Periodic("daily", 60, Daily(platform).run),
    )


SERVICE = Definition(
    name="scoring",
    decider=Announcer(),
    doors=(),
    views=lambda platform: (Facts(),),
    reactions=lambda platform: (),
    routers=lambda platform: [scores.router(platform, DEFAULTS), reports.router(platform, DEFAULTS)],
    periodics=_periodics,
)
