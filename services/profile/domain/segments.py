"""Segments: people of whom a rule is true. A segment is defined, changed and removed by somebody; who is in it follows
from what is known, and is told where it changes."""

from __future__ import annotations

from libs.events.catalogue.segments import CustomerSegmented, SegmentRemoved
from libs.events.decider import Absent, NewEvent, Refused
from services.profile.domain.grouping import DefineSegment, Pass, RemoveSegment
from services.profile.domain.state import Customer, Segment


def define(command: DefineSegment, state: Customer) -> list[NewEvent]:
    """A segment is made, or defined anew."""
    if not command.anew:
        known = there(state)
        if command.versions is not None and state.version not in command.versions:
            raise Refused("version_mismatch", "this has changed since it was read", {"current": state.version})
        if known.defined.model_copy(update={"by": None}) == command.data.model_copy(update={"by": None}):
            return []
    return [NewEvent(command.data)]


def remove(command: RemoveSegment, state: Customer) -> list[NewEvent]:
    """A segment is no more; its members leave it."""
    there(state)
    return [NewEvent(SegmentRemoved(**({"by": command.by} if command.by else {})))]


def there(state: Customer) -> Segment:
    """The segment that a subject is. Raises `Absent`."""
    if state.segment is None or state.segment.removed:
        raise Absent("unknown_segment", "there is no such segment")
    return state.segment


def pass_through(command: Pass, state: Customer) -> list[NewEvent]:
    """The passages that are news, as things stand under the lock: however many look, each is told once."""
    if not state.known and not state.merged_into:
        return []
    return [NewEvent(p) for p in command.passages if news(p, state)]


def news(passage: CustomerSegmented, state: Customer) -> bool:
    """Whether somebody is where they were not before; that a segment is called otherwise, or its members are VIPs now,
    is told by entering it once more."""
    membership = state.segments.get(passage.segment)
    if membership is None or passage.change == "left":
        return (passage.change == "entered") is (membership is None)
    return (membership.name, membership.vip) != (passage.name, passage.vip)
