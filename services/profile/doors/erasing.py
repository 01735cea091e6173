"""The door of erasure: a person is forgotten, under all ids that they are known by."""

from __future__ import annotations

from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body
from services.profile.domain.commands import Erase
from services.profile.doors.bodies import ErasureBody

REASONS = ("request", "retention", "error")


class Forgetting(Body):
    """A person to forget: all ids that they are known by, and why."""

    reason: str
    subjects: tuple[str, ...]


def reason_of(body: ErasureBody | Forgetting) -> str:
    """Why, as a code."""
    return body.reason if body.reason in REASONS else "other"


def forget(call: Call[Forgetting]) -> Unit:
    """All that one person is known by is erased together."""
    # the moment of receipt, whatever the caller says: nothing that was known until now stays
    command = Erase(at=call.now, reason=reason_of(call.body))
    return Unit(
        tuple(
            call.request(subject, command, part=subject if n else "", erases=True)
            for n, subject in enumerate(call.body.subjects)
        )
    )


ERASED = Door("", Forgetting, forget, customer=lambda body: None)
