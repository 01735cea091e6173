"""Who calls: bearer keys, looked up by digest in a file that is read again when it changes."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from libs.events.clock import Clock
from libs.web.exchange import exchange, header, route_path
from libs.web.keys import BadKeys, KeyRecord, list_keys
from libs.web.problems import Problem, respond

REREAD_SECONDS = 1.0
"""So often at most the keys file's time stamp is looked at; a revoked key works so much longer at most."""
READING = ("GET", "HEAD", "OPTIONS")
READING_POSTS = ("/search", "/resolve", "/tickets")
"""What ends the path of a POST that only reads: questions that hold personal data are asked in bodies."""
_LONGEST = 512


class Keys:
    """The keys of one file."""

    def __init__(self, path: Path, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock, self._monotonic = path, clock, monotonic
        self._known: dict[bytes, KeyRecord] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._look_again = 0.0

    def find(self, authorization: bytes | None) -> KeyRecord | None:
        """The key of an `Authorization` header, None unless it is one of ours and has not expired."""
        if authorization is None or len(authorization) > _LONGEST or authorization[:7].lower() != b"bearer ":
            return None
        if self._monotonic() >= self._look_again:
            self._reread()
        digest = hashlib.sha256(authorization[7:].strip()).hexdigest().encode()
        # Looking a digest up gives nothing away in its time: who could choose it would have to invert SHA-256. Compared
        # in constant time all the same, so that nobody has to work that out again.
        found = self._known.get(digest)
        if found is None or not hmac.compare_digest(found.sha256.encode(), digest) or _expired(found, self._clock.now):
            return None
        return found

    def _reread(self) -> None:
        self._look_again = self._monotonic() + REREAD_SECONDS
        try:
            about = self._path.stat()
        except FileNotFoundError:
            self._known, self._stamp = {}, None
            return
        except OSError:
            return
        stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
        if stamp == self._stamp:
            return
        try:
            known = list_keys(self._path)
        except BadKeys:  # a file somebody is editing by hand: what was known stays known
            return
        self._known, self._stamp = {k.sha256.lower().encode(): k for k in known}, stamp


def _expired(key: KeyRecord, now: Callable[[], datetime]) -> bool:
    return key.expires is not None and key.expires <= now()


def allows(key: KeyRecord, method: str, path: str) -> bool:
    """Whether the scopes of `key` cover a request."""
    scopes = key.scopes
    if "*" in scopes or "write" in scopes:
        return True
    if "events" in scopes and path.startswith("/v1/events/"):
        return True
    return "read" in scopes and (method in READING or (method == "POST" and path.endswith(READING_POSTS)))


class Gate:
    """ASGI middleware: `/v1/*` needs a key; who has one is known to the exchange from there on.

    Paths in `ticketed` may be asked with a `ticket` in the query instead (browsers send no headers with an event
    stream): their route checks it, as the exchange has no caller then.
    """

    def __init__(self, app: ASGIApp, keys: Keys, ticketed: frozenset[str] = frozenset()) -> None:
        self._app, self._keys, self._ticketed = app, keys, ticketed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = route_path(scope) if scope["type"] == "http" else ""
        if not path.startswith("/v1"):
            await self._app(scope, receive, send)
            return
        if b"%00" in scope["query_string"] or "\x00" in path:
            # what is no text in a body is none here: databases refuse it, too
            await _refuse(Problem(422, "nul_character", "text must not contain NUL"), scope, receive, send)
            return
        key = self._keys.find(header(scope, b"authorization"))
        if key is None:
            if not (path in self._ticketed and b"ticket=" in scope["query_string"]):
                await _refuse(unauthorized(), scope, receive, send)
                return
        elif allows(key, scope["method"], path):
            exchange(scope).caller = key.name
        else:
            await _refuse(Problem(403, "forbidden", "this key may not do that"), scope, receive, send)
            return
        await self._app(scope, receive, send)


def unauthorized() -> Problem:
    """The 401."""
    return Problem(
        401, "unauthorized", "a valid key is needed: Authorization: Bearer <key>",
        headers={"WWW-Authenticate": 'Bearer realm="careledger"'},
    )  # fmt: skip


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await respond(problem, exchange(scope).request_id)(scope, receive, send)
