"""The customer record: which of its members a statement changes, and when.

Each member remembers the moment for which it was last stated, and the latest statement wins, whichever came first. An
older one that comes late fills what nobody has stated since. Of two for one moment the one whose key sorts last counts:
that says nothing of which is right, but it is the same one wherever and in whatever order they are heard. References
are only ever added, in the order in which they were first told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

MEMBERS = (
    "kind", "paying", "name", "emails", "phones", "addresses", "refs", "source", "owner", "department", "credit_grade",
    "vip", "vip_reason", "birthday", "special_dates", "household", "occupation", "economic_capacity", "background",
    "preferences", "habits", "requirements", "custom",
)  # fmt: skip
"""The record's members in the order in which they are shown; the stage is told by what happened (see `stages`)."""

NESTED = frozenset({"household", "custom"})
"""Members that are objects: a merge patch reaches into them."""


class Said(NamedTuple):
    """The moment for which something was stated, and the key of the fact that did."""

    at: datetime
    key: str = ""


class First(NamedTuple):
    """Where a reference was first told: the statement, and its place there."""

    at: datetime
    key: str
    place: int


Values = dict[str, Any]
Times = dict[str, Said]


def changes(record: Mapping[str, Any], touched: Mapping[str, Said], stated: Mapping[str, Any], at: datetime) -> Values:
    """The stated members that say something new about a record as of `at`."""
    new: Values = {}
    for member, value in stated.items():
        if member == "refs":
            known = record.get("refs") or []
            more = [ref for ref in value or () if ref not in known]
            if more:
                new["refs"] = [*known, *more]
        elif not outdated(touched, member, at) and record.get(member) != value:
            new[member] = value
    return new


def outdated(touched: Mapping[str, Said], member: str, at: datetime) -> bool:
    """Whether something newer than `at` was said of a member already."""
    last = touched.get(member)
    return last is not None and at < last.at


def stated(record: Values, touched: Times, told: Mapping[str, Any], said: Said) -> tuple[Values, Times]:
    """The record and its times after a statement; references are another matter."""
    record, touched = dict(record), dict(touched)
    for member, value in told.items():
        if member != "refs" and (member not in touched or said >= touched[member]):
            record[member] = value
            touched[member] = said
    return record, touched


def mentioned(first: Mapping[str, First], refs: Iterable[str], said: Said) -> dict[str, First]:
    """All references with where each was first told, in that order, after a statement."""
    found = dict(first)
    for place, ref in enumerate(refs):
        here = First(*said, place)
        found[ref] = min(found.get(ref, here), here)
    return dict(sorted(found.items(), key=lambda told: told[1]))


def patched(record: Mapping[str, Any], patch: Mapping[str, Any]) -> Values:
    """The members that a JSON merge patch (RFC 7396) states, whole: null clears, objects are merged into."""
    return {
        member: merge_patch(record.get(member), value) if member in NESTED else value for member, value in patch.items()
    }


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result
