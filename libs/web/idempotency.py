"""`Idempotency-Key`: the first answer again, for one caller, method and path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from libs.web.exchange import header
from libs.web.problems import Problem, invalid

HEADER = b"idempotency-key"
PATTERN = r"^[!-~]([ -~]{0,253}[!-~])?$"
"""1 to 255 printable ASCII characters, no space at either end."""
_KEY = re.compile(PATTERN.encode())


def key_of(request: Request) -> str:
    """The request's key, "" where it has none. Raises `Problem` (422)."""
    value = header(request.scope, HEADER)
    if value is None:
        return ""
    if not _KEY.fullmatch(value):
        raise invalid("/Idempotency-Key", "bad_format", "must be 1 to 255 printable ASCII characters", where="header")
    return value.decode("ascii")


def reused() -> Problem:
    """The key came with another body before."""
    return Problem(422, "idempotency_key_reused", "this Idempotency-Key was used with another body")


class InFlight:
    """The keys whose first request this process is still answering.

    Across processes the subject's row lock does the same more slowly: the second waits, and hears the first answer.
    """

    def __init__(self) -> None:
        self._held: set[tuple[int, str]] = set()

    @contextmanager
    def hold(self, place: int, name: str) -> Iterator[None]:
        """Holds a key for the block; `place` tells one store's keys from another's. Raises `Problem` (409)."""
        if (place, name) in self._held:
            raise Problem(
                409, "idempotency_in_flight", "the first request with this Idempotency-Key is still being answered",
                headers={"Retry-After": "1"},
            )  # fmt: skip
        self._held.add((place, name))
        try:
            yield
        finally:
            self._held.discard((place, name))
