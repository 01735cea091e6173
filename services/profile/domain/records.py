"""The customer record: which of its members a statement changes, and when.

Each member remembers the moment for which it was last stated, and the latest statement wins, whichever came first. An
older one that comes late fills what nobody has stated since. References are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

MEMBERS = (
    "kind", "paying", "name", "emails", "phones", "addresses", "refs", "source", "owner", "department", "credit_grade",
    "birthday", "special_dates", "household", "occupation", "economic_capacity", "background", "preferences", "habits",
    "requirements", "custom",
)  # fmt: skip
"""The record's members in the order in which they are shown; the stage is told by what happened (see `stages`)."""

NESTED = frozenset({"household", "custom"})
"""Members that are objects: a merge patch reaches into them."""

Values = dict[str, Any]
Times = dict[str, datetime]


def changes(
    record: Mapping[str, Any], touched: Mapping[str, datetime], stated: Mapping[str, Any], at: datetime
) -> Values:
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


def outdated(touched: Mapping[str, datetime], member: str, at: datetime) -> bool:
    """Whether something newer than `at` was said of a member already."""
    last = touched.get(member)
    return last is not None and at < last


def stated(record: Values, touched: Times, told: Mapping[str, Any], at: datetime) -> tuple[Values, Times]:
    """The record and its times after a statement made for `at`."""
    record, touched = dict(record), dict(touched)
    for member, value in told.items():
        if member == "refs":
            known = record.get("refs") or []
            record["refs"] = [*known, *(ref for ref in value or () if ref not in known)]
        elif not outdated(touched, member, at):
            record[member] = value
            touched[member] = at
    return record, touched


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
