"""Several customer ids that are one person: a merge is an edge, facts never move, and the person is the fold of all.

The record is joined edge by edge, in the order in which people said that two are one: of each member the latest
statement counts, whichever id it was made for; in lists every id has its part (see `lists`). Where somebody chose
whose value counts, that is a statement, too, made at the moment of the merge: it stands until something newer is
stated. Where both sides were stated for one moment, the survivor's counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import Side
from services.profile.domain import lists
from services.profile.domain.consents import together
from services.profile.domain.lists import Form, Listed, Part
from services.profile.domain.records import LISTS, MEMBERS, NEVER, Said, put, value_of
from services.profile.domain.state import Customer

CHOOSABLE = tuple(member for member in MEMBERS if member != "refs")
"""Members of which one value counts; references of both sides are the person's."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A member's value, and the statement that it comes from; `listed`: of a list, more of it."""

    value: Any
    said: Said
    listed: Listed = lists.NOTHING


Record = dict[str, Stated]


def joined(
    survivor: Customer, others: Mapping[str, Customer], as_of: datetime | None = None, form: Form = lists.as_told
) -> Customer:
    """The person that the survivor and the ids merged into it are: the record as above, all moves and references, the
    survivor's class and version. What was chosen after `as_of` does not count yet, but who they are does. `form`: in
    which entries of lists are the same."""
    if not others:
        return survivor
    states = [survivor, *(others[name] for name in sorted(others))]
    told = settled(survivor, others, as_of)
    record: dict[str, Any] = {}
    for slot, each in told.items():
        put(record, slot, lists.value(slot, each.listed.parts, form) if slot in LISTS else each.value)
    if refs := [ref for s in states for ref in s.record.get("refs") or ()]:
        record["refs"] = list(dict.fromkeys(refs))
    acquired = [s.acquisition for s in states if s.acquisition]
    return survivor.model_copy(
        update={
            "known": any(s.known for s in states),
            "bare": all(s.bare for s in states if s.known),
            "record": record,
            "touched": {name: stated.said for name, stated in told.items()},
            "moves": tuple(move for s in states for move in s.moves),
            "since": min((s.since for s in states if s.since), default=None),
            "value_class": next((s.value_class for s in states if s.value_class), None),
            "consents": together(s.consents for s in states),
            "acquisition": max(acquired, key=lambda a: a.at, default=None),
        }
    )


def settled(survivor: Customer, others: Mapping[str, Customer], as_of: datetime | None = None) -> Record:
    """The record of a person, member by member."""
    records = {"": stated(survivor), **{name: stated(state) for name, state in others.items()}}
    part_of = {name: name for name in records}

    def part(name: str) -> str:
        while part_of[name] != name:
            name = part_of[name]
        return name

    for name in sorted(others, key=lambda n: (others[n].merged_at or NEVER.at, n)):
        edge = others[name]
        end = part(edge.merged_into if edge.merged_into and edge.merged_into in others else "")
        start = part(name)
        if start != end:
            at = edge.merged_at or NEVER.at
            choices = edge.choices if as_of is None or at <= as_of else {}
            records[end] = met(records[end], records[start], choices, edge.merge or "", at)
            part_of[start] = end
    return records[part("")]


def stated(state: Customer) -> Record:
    """What was stated for one id, part by part."""
    found: Record = {}
    for slot, said in state.touched.items():
        value = value_of(state.record, slot)
        wholes = (state.wholes[slot],) if slot in state.wholes else ()
        listed = Listed(said, (Part(value, said),), wholes) if slot in LISTS else lists.NOTHING
        found[slot] = Stated(value, said, listed)
    return found


def met(survivor: Record, merged: Record, choices: Mapping[str, Side], merge: str, at: datetime) -> Record:
    """Two records made one by a merge at `at`."""
    record: Record = {}
    for name in survivor.keys() | merged.keys():
        ours, theirs = survivor.get(name), merged.get(name)
        if name in LISTS:
            mine, yours = (side.listed if side else lists.NOTHING for side in (ours, theirs))
            listed = lists.met(mine, yours, choices.get(name), merge, at)
            record[name] = Stated(None, listed.said, listed)
            continue
        match choices.get(name.partition(".")[0]):
            case "survivor":
                ours = chosen(ours, at)
            case "merged":
                theirs = chosen(theirs, at)
                if ours and ours.said.at <= theirs.said.at:
                    ours = None
            case None:
                pass
        found = [side for side in (ours, theirs) if side]
        record[name] = max(found, key=lambda side: side.said.at)  # of equals the first
    return record


def chosen(side: Stated | None, at: datetime) -> Stated:
    """A side's value, stated anew by whoever chose it; that nothing was known of it can be chosen, too."""
    return Stated(side.value, max(side.said, Said(at))) if side else Stated(None, Said(at))
