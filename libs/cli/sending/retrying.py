"""Asking again until the answer is certain: only for calls that are safe to repeat."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

AGAIN = frozenset({429, 502, 503, 504})
"""The server is busy, starting, or not there behind its proxy."""


class GaveUp(Exception):
    """No certain answer came in time; says what came instead."""


@dataclass(slots=True)
class Retrying:
    """Repeats a call with growing pauses, for at most `patience` seconds of pauses in a row.

    What the server asks for (`Retry-After`) is waited at least. `sleep` and `chance` (0 to 1) are passed in.
    """

    patience: float = 60
    first: float = 0.2
    longest: float = 5
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = field(default=random.random)
    repeats: int = 0

    async def __call__(self, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """The first certain answer. Raises `GaveUp`."""
        waited, pause = 0.0, self.first
        while True:
            try:
                answer = await call()
            except httpx.TransportError as lost:  # it may have been done all the same: that is what keys are for
                asked, came = 0.0, f"connection lost ({type(lost).__name__})"
            else:
                if answer.status_code not in AGAIN:
                    return answer
                asked, came = _seconds(answer), f"status {answer.status_code}"
            # spread out, so that those who were turned away together do not come back together
            wait = max(asked, pause * (0.5 + self.chance() / 2))
            if waited + wait > self.patience:
                raise GaveUp(came)
            await self.sleep(wait)
            self.repeats += 1
            waited, pause = waited + wait, min(pause * 2, self.longest)


def _seconds(answer: httpx.Response) -> float:
    """`Retry-After` where it is a number of seconds; a date is left to the usual pauses."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 5 else 0.0
