"""The customer record: which of its members a statement changes, and when.

Each member remembers the moment for which it was last stated, and the latest statement wins, whichever came first. An
older one that comes late fills what nobody has stated since. Of two for one moment the one whose key sorts last counts:
that says nothing of which is right, but it is the same one wherever and in whatever order they are heard. References
are only ever added, in the order in which they were first stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

MEMBERS = (
    "kind", "party", "paying", "name", "emails", "phones", "addresses", "refs", "source", "owner", "department",
    "credit_grade", "vip", "vip_reason", "birthday", "special_dates", "household", "occupation", "economic_capacity",
    "background", "preferences", "habits", "requirements", "custom",
)  # fmt: skip
"""The record's members in the order in which they are shown; the stage is told by what happened (see `stages`)."""

KEYED = ("custom", "contacts")
"""Members that are objects of parts, each with a moment of its own: custom fields by key, what is known of contacts by
id. A part is told apart from others as `custom.<key>`."""

LISTS = frozenset({"emails", "phones", "addresses", "special_dates", "preferences", "habits", "requirements"})
"""Members in which every id of a person has its part (see `lists`)."""


class Said(NamedTuple):
    """The moment for which something was stated, and the key of the fact that did."""

    at: datetime
    key: str = ""


INSTANT = timedelta(microseconds=1)
MOMENT = timedelta(milliseconds=1)
"""What was stated so shortly after the moment of a call was stated for the same one, and had to make way before."""


def just_after(at: datetime, stated: Iterable[datetime]) -> datetime:
    """The moment of a call, or just after what was stated for it before: of two calls for one moment the later one
    counts."""
    return max([at, *(each + INSTANT for each in stated if at <= each < at + MOMENT)])


class First(NamedTuple):
    """Where a reference was first told: the statement, and its place there."""

    at: datetime
    key: str
    place: int


class Whole(NamedTuple):
    """A statement of a list by somebody who had the whole person before them, whose ids were one by these merges."""

    said: Said
    merges: tuple[str, ...]


NEVER = Said(datetime.min.replace(tzinfo=UTC))
Values = dict[str, Any]
Times = dict[str, Said]


def slots(members: Mapping[str, Any]) -> Values:
    """What is stated, part by part; references are another matter."""
    found: Values = {}
    for member, value in members.items():
        if member in KEYED and value is not None:
            found |= {f"{member}.{key}": each for key, each in value.items()}
        elif member != "refs":
            found[member] = value
    return found


def value_of(record: Mapping[str, Any], slot: str) -> Any:
    """What a record has in one part."""
    member, _, key = slot.partition(".")
    return (record.get(member) or {}).get(key) if key else record.get(slot)


def put(record: Values, slot: str, value: Any) -> None:
    """Sets one part of a record. Where nothing is known of a custom field, it is not there."""
    member, _, key = slot.partition(".")
    if key:
        parts = {**(record.get(member) or {}), key: value}
        record[member] = {name: parts[name] for name in sorted(parts) if parts[name] is not None} or None
    elif slot not in KEYED:
        record[slot] = value


def changes(record: Mapping[str, Any], touched: Mapping[str, Said], stated: Mapping[str, Any], at: datetime) -> Values:
    """The stated members that say something new about a record as of `at`."""
    new: Values = {}
    known = record.get("refs") or []
    if more := [ref for ref in stated.get("refs") or () if ref not in known]:
        new["refs"] = [*known, *more]
    for slot, value in slots(stated).items():
        if not outdated(touched, slot, at) and value_of(record, slot) != value:
            member, _, key = slot.partition(".")
            new[member] = {**(new.get(member) or {}), key: value} if key else value
    return new


def outdated(touched: Mapping[str, Said], slot: str, at: datetime) -> bool:
    """Whether something newer than `at` was said of a part already."""
    return at < last(touched, slot).at


def last(touched: Mapping[str, Said], slot: str) -> Said:
    """The last statement of a part; that nothing is known of any custom field states each of them."""
    return max(touched.get(slot, NEVER), touched.get(slot.partition(".")[0], NEVER))


def stated(record: Values, touched: Times, told: Mapping[str, Any], said: Said) -> tuple[Values, Times]:
    """The record and its times after a statement; references are another matter."""
    record, touched = dict(record), dict(touched)
    for slot, value in slots(told).items():
        if said < last(touched, slot):
            continue
        if slot in KEYED:  # null: whatever was stated of any of them by then
            for each in [each for each in touched if each.startswith(f"{slot}.") and touched[each] <= said]:
                put(record, each, None)
                del touched[each]
            record.setdefault(slot, None)
        put(record, slot, value)
        touched[slot] = said
    return record, touched


def mentioned(first: Mapping[str, First], refs: Iterable[str], said: Said) -> dict[str, First]:
    """All references with where each was first told, in that order, after a statement."""
    found = dict(first)
    for place, ref in enumerate(refs):
        here = First(*said, place)
        found[ref] = min(found.get(ref, here), here)
    return dict(sorted(found.items(), key=lambda told: told[1]))


def without(first: Mapping[str, First], refs: Mapping[str, Any]) -> dict[str, First]:
    """All references with where each was first told, where some (`refs`) were told otherwise, or (null) never."""
    told = {**first, **{r: First(datetime.fromisoformat(t["at"]), t["key"], t["place"]) for r, t in refs.items() if t}}
    kept = {ref: here for ref, here in told.items() if ref not in refs or refs[ref]}
    return dict(sorted(kept.items(), key=lambda each: each[1]))


def references(first: Iterable[str], known: Iterable[str]) -> list[str]:
    """All references: those that were stated, in their order, and then those by which the customer was only named."""
    stated = list(first)
    return [*stated, *sorted(set(known) - set(stated))]


def patched(record: Mapping[str, Any], patch: Mapping[str, Any]) -> Values:
    """The members that a JSON merge patch (RFC 7396) states: null clears, objects are merged into. Custom fields are
    stated one by one, each that was cleared as null."""
    new: Values = dict(patch)
    if "household" in patch:
        new["household"] = merge_patch(record.get("household"), patch["household"])
    if "custom" in patch:
        new["custom"] = dict.fromkeys(record.get("custom") or ()) if patch["custom"] is None else patch["custom"]
    return new


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
