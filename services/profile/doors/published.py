"""The doors of what only events reach without a path: merges, their undoing and erasures, told by other systems.

The rules are those of HTTP. But an event may be the first thing that is heard of somebody, and may be delivered twice:
whoever is merged without being known gets a bare record, whoever is erased without being known is refused what is older
and still on its way, and what was done once is not refused when it comes again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from libs.events.decider import Invalid, NotYet
from libs.events.doors import Call, Door
from libs.events.identities import as_id
from libs.events.units import Unit
from libs.events.values import Label
from services.profile.domain.commands import Erase, Meet, Unmerge
from services.profile.domain.merging import merge_name
from services.profile.domain.state import Customer
from services.profile.doors.bodies import ErasureBody, Named
from services.profile.doors.erasing import reason_of
from services.profile.doors.merges import GENERATIONS, MergeBody, Merging, UndoBody, chain, edge, onward


class UndoEvent(UndoBody):
    """A merge, named by its id, was a mistake."""

    merge: Label


class ErasureEvent(ErasureBody):
    """The same, as other systems tell it."""

    customer: Named | None = None


def lives(call: Call[Any], named: str) -> tuple[str, ...]:
    """The ids that a name may stand for: who was erased and comes back by the same reference has the next one."""
    known = as_id(named)
    return (known,) if known else tuple(call.identities.of_reference(named, g) for g in range(GENERATIONS))


def standing(call: Call[Any], named: str) -> str:
    """The id that a name stands for now."""
    ids = lives(call, named)
    found = ids[0]
    for subject in ids:
        loaded = call.states[subject]
        found = subject if loaded.sequence else found
        if loaded.erased_before is None:
            break
    return found


def merge_told(call: Call[MergeBody]) -> Unit:
    """Two customers are said to be one person."""
    body = call.body
    if body.dry_run:
        raise Invalid("not_allowed", "an event tells what is so, and rehearses nothing", pointer="/data/dry_run")
    if call.subject and call.subject not in (*lives(call, body.survivor), *lives(call, body.merged)):
        raise Invalid("other_customer", "subject and data name different customers", pointer="/subject")
    survivor, merged = standing(call, body.survivor), standing(call, body.merged)
    said = Merging(survivor=survivor, merged=merged, choices=body.choices or {}, at=body.at)
    drawn = edge(call, said)
    met = [Met(s, "" if as_id(named) else named) for s, named in ((survivor, body.survivor), (merged, body.merged))]
    new = [each for each in met if not each.is_known(call.states[each.subject].state)]
    meetings = (call.request(s, Meet(at=call.at, ref=ref), part=f"meet {s}") for s, ref in new)
    return Unit((*meetings, *drawn.requests))


class Met(NamedTuple):
    """Somebody who is said to be somebody else: their id, and the reference by which they were named, if by one."""

    subject: str
    ref: str

    def is_known(self, state: Customer) -> bool:
        """Whether there is nothing new in their name."""
        return state.known and (not self.ref or self.ref in (state.record.get("refs") or ()))


def both(call: Call[MergeBody]) -> tuple[str, ...]:
    """Everybody who may be meant."""
    return (*lives(call, call.body.survivor), *lives(call, call.body.merged))


def undo_told(call: Call[UndoEvent]) -> Unit:
    """A merge is taken back."""
    name = merge_name(call.body.merge)
    known = call.found.get(name)
    if known is None:
        raise NotYet("unknown_merge", "there is no such merge", waits_for=name, absent=True)
    return Unit((call.request(known.subject, Unmerge(at=call.at, merge=call.body.merge, by=call.by)),))


def erasure_told(call: Call[ErasureEvent]) -> Unit:
    """A person is forgotten under the id that is named and those that it was merged into; whoever was merged into these
    follows (see `forgetting`)."""
    way = chain(standing(call, call.named), call.states)
    reason = reason_of(call.body)
    return Unit(
        tuple(
            call.request(s, Erase(at=call.now, reason=reason, create=True), part=s if n else "", erases=True)
            for n, s in enumerate(way)
        )
    )


def addressed(call: Call[ErasureEvent]) -> tuple[str, ...]:
    """Everybody who may be meant."""
    return lives(call, call.named)


MERGE_TOLD = Door(
    "customer.merged", MergeBody, merge_told, customer=lambda body: None, anonymous=True, follows=both, onward=onward,
    makes="merge",
)  # fmt: skip
UNDO_TOLD = Door(
    "customer.unmerged", UndoEvent, undo_told, customer=lambda body: None, anonymous=True,
    lookups=lambda body: (merge_name(body.merge),), makes="merge",
)  # fmt: skip
ERASURE_TOLD = Door("customer.erased", ErasureEvent, erasure_told, follows=addressed, onward=onward)
