"""Saying that two ids are one person, and taking it back.

A merge is an edge from the id that answered for one person to an id of the other. An id has at most one edge that
leads away from it, and every id between the two ends of a new one is locked and looked at again while it is drawn: so
edges never run in a ring, whoever else is merging at the same time.
"""

from __future__ import annotations

from typing import Any

from libs.events.catalogue.customers import CustomerMerged, CustomerUnmerged
from libs.events.decider import Moved, NewEvent, Refused
from services.profile.domain.commands import Link, Merge, Stay, Unmerge
from services.profile.domain.state import Customer


def link(command: Link, state: Customer) -> list[NewEvent]:
    """Joins the subject of a further reference to its person, unless it is joined already, or somebody has taken the
    two apart: a system that sends its references every night must not undo that."""
    if command.survivor in (state.merged_into, *state.parted):
        return []
    return [merged(command, state)]


def merge(command: Merge, state: Customer) -> list[NewEvent]:
    """Joins two persons because somebody says so."""
    return [merged(command, state)]


def merged(command: Link | Merge, state: Customer) -> NewEvent:
    """The edge, from an id that answers for itself."""
    stay(Stay(at=command.at, merged_into=None), state)
    said: dict[str, Any] = {**signed(command.by)}
    if isinstance(command, Merge) and command.choices:
        said["choices"] = dict(command.choices)
    fact = CustomerMerged(merge=command.merge, survivor=command.survivor, **said)
    return NewEvent(fact, (merge_name(command.merge),))


def stay(command: Stay, state: Customer) -> list[NewEvent]:
    """Raises `Moved` where somebody was merged or parted since this was prepared."""
    if state.merged_into != command.merged_into:
        raise Moved("moved_meanwhile", "these customers are being merged by somebody else; try again")
    return []


def unmerge(command: Unmerge, state: Customer) -> list[NewEvent]:
    """Removes the edge. What was recorded under either id meanwhile stays where it was addressed."""
    if state.merge != command.merge or state.merged_into is None:
        raise Refused("already_undone", "this merge was undone already")
    return [NewEvent(CustomerUnmerged(merge=command.merge, survivor=state.merged_into, **signed(command.by)))]


def signed(by: str) -> dict[str, str]:
    """Who said it, where that is known."""
    return {"by": by} if by else {}


def merge_name(merge: str) -> str:
    """The name by which a merge is found."""
    return f"merge:{merge}"
