"""Versions of things: `ETag` out, `If-Match` in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from libs.web.exchange import header
from libs.web.problems import Problem, invalid

_TAG = re.compile(rb'[ \t]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)')
_OURS = re.compile(rb"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class IfMatch:
    """What the caller takes the thing to be at: any version (`*`), or one of `versions`.

    A weak tag counts as its strong one: proxies that compress weaken tags, and ours name a version of the thing, not
    of its bytes. Tags that are not ours match nothing.
    """

    versions: frozenset[int] = frozenset()
    any: bool = False

    def matches(self, current: int) -> bool:
        """Whether a thing at version `current` is one that was meant."""
        return self.any or current in self.versions

    def require(self, current: int) -> None:
        """Raises `Problem` (412) unless `current` was meant."""
        if not self.matches(current):
            raise stale(current, self)


def if_match(request: Request) -> IfMatch:
    """The request's `If-Match`. Raises `Problem`: 428 without one, 422 for a malformed one."""
    value = header(request.scope, b"if-match")
    if value is None:
        raise Problem(428, "precondition_required", "changing this needs If-Match with the version that was read")
    if value.strip() == b"*":
        return IfMatch(any=True)
    versions, at = set(), 0
    while at < len(value) or not value:
        tag = _TAG.match(value, at)
        if not tag:
            raise invalid("/If-Match", "bad_format", 'must be "version", a list of them, or *', where="header")
        if _OURS.fullmatch(tag[2]):
            versions.add(int(tag[2]))
        at = tag.end()
    return IfMatch(frozenset(versions))


def stale(current: Any, sent: IfMatch) -> Problem:
    """The 412: `current` version, the `expected` one (what `If-Match` must say now), and the one that was `sent`
    (null where it was none of ours, a list where it was several)."""
    versions: Any = sorted(sent.versions)
    return Problem(
        412, "version_mismatch", "this has changed since it was read",
        extra={
            "current": current,
            "expected": current,
            "sent": (versions[0] if versions else None) if len(versions) < 2 else versions,
        },
    )  # fmt: skip


def etag(version: int) -> str:
    """A version as an entity tag."""
    return f'"{version}"'
