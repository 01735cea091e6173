"""Read your writes: `after=<Event-Position>` waits until the views have applied that fact."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from libs.events.catalogue import TOPICS
from libs.events.service import Platform
from libs.events.units import BadPosition, Position
from libs.web.problems import Problem, invalid

PATIENCE = timedelta(seconds=5)
After = Annotated[
    str | None,
    Query(max_length=1000, description="An `Event-Position`: the answer has that write in it (waits at most 5 s)."),
]
"""The `after` parameter of reads."""


def position_of(token: str) -> Position:
    """Reads an `Event-Position`. Raises `Problem` (422)."""
    try:
        position = Position.parse(token)
    except BadPosition:
        position = None
    if position is None or position.service not in TOPICS:
        raise invalid("/after", "bad_position", "must be an Event-Position as a write gave it", where="query")
    return position


async def caught_up(platform: Platform, after: str | None) -> None:
    """Waits until the service's views have applied `after`. Raises `Problem`: 422 malformed, 503 not in time."""
    if after is None:
        return
    if not await platform.progress.caught_up(position_of(after), PATIENCE):
        raise Problem(
            503, "not_caught_up", "the write this read waits for has not arrived here yet; try again",
            headers={"Retry-After": "1"},
        )  # fmt: skip
