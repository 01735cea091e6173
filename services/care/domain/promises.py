"""Rule: a promise is kept on time, kept late or broken; the observed face of Reliability.

A promise that was declared broken may still be kept: both stay visible. Whether it was late is judged by when it was
kept, not by when we heard, so late news of a promise kept in time is told as kept in time.
"""

from __future__ import annotations

from libs.events.catalogue.care import PromiseBroken, PromiseKept, PromiseMade, TouchpointRecorded
from libs.events.decider import NewEvent
from services.care.domain.commands import Break, Keep, Touch
from services.care.domain.lean import lean
from services.care.domain.state import CareState


def touch(command: Touch) -> list[NewEvent]:
    """The contact, and each promise made in it."""
    contact = lean(TouchpointRecorded(
        touchpoint=command.touchpoint, staff=command.staff, channel=command.channel,
        department=command.department, direction=command.direction,
    ))  # fmt: skip
    made = [
        NewEvent(
            lean(PromiseMade(
                promise=p.id, touchpoint=command.touchpoint, what=p.what, due=p.due, owner=p.owner,
                staff=command.staff, department=command.department,
            )),
            (f"promise:{p.id}",),
        )
        for p in command.promises
    ]  # fmt: skip
    return [NewEvent(contact, (f"touchpoint:{command.touchpoint}",)), *made]


def keep(command: Keep, state: CareState) -> list[NewEvent]:
    """The promise is kept; nothing where it was already."""
    promised = state.promises.get(command.promise)
    if promised is None:
        return []
    late = command.at > promised.due
    return [NewEvent(PromiseKept(promise=command.promise, late=late), (f"kept:{command.promise}",))]


def run_out(command: Break, state: CareState) -> list[NewEvent]:
    """The promise is broken; nothing where it was kept, is not due yet, or has been declared broken before."""
    promised = state.promises.get(command.promise)
    if promised is None or promised.broken or command.at < promised.due:
        return []
    return [NewEvent(PromiseBroken(promise=command.promise))]
