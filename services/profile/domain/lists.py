"""Lists in the record of a person who is known under several ids: each id has its part in them.

Two phones that two departments know are two phones of one person, so parts are joined, the survivor's first, each entry
once in whatever form it was written. A part is what was stated last of one id. Two things say otherwise: who merged may
have chosen a side, and who changes the record of the person as they see it says all there is (`across`: the merges by
which the ids were one then): what other ids had said by that moment is no more than history. What any id states
later is joined again, and so is all of it where the two were parted and are merged anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import Side
from services.profile.domain.records import NEVER, Said, Whole

Form = Callable[[str, Any], Hashable]
"""The form in which two entries of a member are the same."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one id says of a list."""

    value: list[Any] | None
    said: Said


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, or some ids' share in it: the parts, when it was last stated or chosen, and who said that it is whole."""

    said: Said = NEVER
    parts: tuple[Part, ...] = ()
    wholes: tuple[Whole, ...] = ()


NOTHING = Listed()


def met(ours: Listed, theirs: Listed, side: Side | None, merge: str, at: datetime) -> Listed:
    """Two shares made one by a merge at a moment, for which somebody may have chosen a side."""
    parts = standing(ours, theirs.wholes, merge, at if side == "merged" else NEVER.at)
    parts += standing(theirs, ours.wholes, merge, at if side == "survivor" else NEVER.at)
    said = max(ours.said, theirs.said, Said(at) if side else NEVER)
    return Listed(said, parts, (*ours.wholes, *theirs.wholes))


def standing(share: Listed, wholes: Iterable[Whole], merge: str, chosen: datetime) -> tuple[Part, ...]:
    """The parts of a share that were stated since the other side was chosen, or said to be the whole."""
    since = max([chosen, *(whole.said.at for whole in wholes if merge in whole.merges)])
    return tuple(part for part in share.parts if part.said.at > since)


def value(member: str, parts: Iterable[Part], form: Form) -> list[Any] | None:
    """What a list shows: one part as it was told; of several every entry once, as the first of them has it."""
    told = [part.value for part in parts if part.value is not None]
    if len(told) < 2:
        return told[0] if told else None
    entries: dict[Hashable, Any] = {}
    for entry in (entry for each in told for entry in each):
        entries.setdefault(form(member, entry), entry)
    return list(entries.values())


def as_told(member: str, entry: Any) -> Hashable:
    """The plainest form: an entry is the same where it was told in the same words."""
    return str(entry)
