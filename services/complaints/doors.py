"""Complaints' doors: how what is asked, by HTTP or by an event, becomes a unit of work.

A step's subject is found by the complaint it names: a complaint lives on its first customer, whoever else the event
that tells of the step may be about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from libs.events.catalogue import complaints as facts
from libs.events.decider import NotYet
from libs.events.doors import Call, Door
from libs.events.identities import as_id
from libs.events.units import Unit
from services.complaints.bodies import (
    Acknowledgement,
    Assignment,
    Correction,
    Escalation,
    Reopening,
    Report,
    SpotBody,
    StepBody,
    Withdrawal,
)
from services.complaints.domain.commands import Spot, Take, by_id, by_ref
from services.complaints.domain.machine import StepName

B = TypeVar("B", bound=StepBody)


def lookup_ref(body: SpotBody) -> tuple[str, ...]:
    """The name of the reference that a spotted complaint may be known by already."""
    return (by_ref(body.ref),) if body.ref else ()


def spot(call: Call[SpotBody]) -> Unit:
    """A complaint on its customer, or on a subject of its own where nobody says whose it is."""
    body = call.body
    # Known already, it stays where it is, whatever customer it is told of under now.
    known = call.found.get(by_ref(body.ref)) if body.ref else None
    subject = known.subject if known else call.subject or f"anonymous:{call.made_id('anonymous')}"
    told: dict[str, Any] = body.model_dump(exclude={"customer", "spotted_by", "at"}, exclude_defaults=True)
    if body.spotted_by.who:
        told["who"] = body.spotted_by.who
    spotted = facts.ComplaintSpotted(complaint=call.made_id("complaint"), role=body.spotted_by.role, **told)
    return Unit((call.request(subject, Spot(at=call.at, spotted=spotted)),))


def find_name(named: str) -> str:
    """The name that finds a complaint, however it was named."""
    complaint = as_id(named)
    return by_id(complaint) if complaint else by_ref(named)


def step(event: str, body: type[B], name: StepName, told: Callable[[Any], facts.Step]) -> Door[B]:
    """The door for one kind of step; `told` makes its fact, all but the complaint's id."""

    def unit(call: Call[B]) -> Unit:
        named = complaint_of(call.body)
        found = call.found.get(find_name(named))
        if found is None:
            raise NotYet("unknown_complaint", "there is no such complaint", waits_for=find_name(named), absent=True)
        command = Take(
            at=call.at, complaint=as_id(named) or named, step=name, told=told(call.body),
            value_class=call.classes.get(found.subject),
        )  # fmt: skip
        return Unit((call.request(found.subject, command),))

    def lookups(body: B) -> tuple[str, ...]:
        return (find_name(complaint_of(body)),)

    def classed(call: Call[B]) -> tuple[str, ...]:
        found = call.found.get(find_name(complaint_of(call.body)))
        return (found.subject,) if found and name == "correction" else ()

    return Door(
        event, body, unit, customer=lambda body: None, lookups=lookups, classed=classed, anonymous=True,
        makes="complaint",
    )  # fmt: skip


def complaint_of(body: Any) -> str:
    """How a step's body names its complaint."""
    named: str = body.complaint
    return named


def fact(model: type[facts.Step], *members: str) -> Callable[[Any], facts.Step]:
    """Makes the fact of a step from the members of its body that are given; the decision fills in the complaint."""

    def told(body: BaseModel) -> facts.Step:
        return model(complaint="", **{name: value for name in members if (value := getattr(body, name)) is not None})

    return told


SPOTTED = Door("complaint.spotted", SpotBody, spot, lookups=lookup_ref, anonymous=True, makes="complaint")
ACKNOWLEDGED = step(
    "complaint.acknowledged", Acknowledgement, "acknowledgement", fact(facts.ComplaintAcknowledged, "by")
)
ASSIGNED = step("complaint.assigned", Assignment, "assignment", fact(facts.ComplaintAssigned, "owner"))
ESCALATED = step("complaint.escalated", Escalation, "escalation", fact(facts.ComplaintEscalated, "to", "reason"))
CORRECTED = step(
    "complaint.corrected", Correction, "correction",
    fact(facts.ComplaintCorrected, "action", "agreed", "by", "compensation"),
)  # fmt: skip
REPORTED = step("complaint.reported", Report, "report", fact(facts.ComplaintReported, "root_cause", "prevention"))
REOPENED = step("complaint.reopened", Reopening, "reopening", fact(facts.ComplaintReopened, "reason"))
WITHDRAWN = step("complaint.withdrawn", Withdrawal, "withdrawal", fact(facts.ComplaintWithdrawn, "reason"))

DOORS: tuple[Door[Any], ...] = (
    SPOTTED, ACKNOWLEDGED, ASSIGNED, ESCALATED, CORRECTED, REPORTED, REOPENED, WITHDRAWN,
)  # fmt: skip
