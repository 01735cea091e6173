"""What care does about others' facts: the triggers that close the loop. Each effect is keyed by its cause, so that it
happens once; each carries its cause, so that it is never taken for something that the customer did."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from libs.events.catalogue import complaints, customers, scores
from libs.events.catalogue.care import CarePlanned, SurveyInvited
from libs.events.catalogue.customers import ValueClass
from libs.events.decider import Command
from libs.events.envelope import Event
from libs.events.identities import uuid_v8
from libs.events.units import Request, Unit
from libs.events.views import React, Reaction
from services.care.domain.commands import Forget, Invite, Plan
from services.care.domain.lean import lean
from services.care.domain.standards import Standards
from services.care.standard import LOST, RECOVERY

Calls = Callable[[Event], bool]
Due = Callable[[Event], datetime]
About = Callable[[Event], str | None]


def _always(event: Event) -> bool:
    return True


def _complaint(event: Event) -> str | None:
    return event.data.get("complaint")


def _itself(event: Event) -> str | None:
    """Care of two occasions that are near is care of two things."""
    return event.id


def reactions(standards: Standards, zone: tzinfo = UTC) -> tuple[Reaction, ...]:
    """Care's policies under a company's standards, and its time zone."""
    return (
        Reaction("welcome", customers.TOPIC, "customer.acquired", plan("welcome", standards), classed=True),
        Reaction(
            "occasion", customers.TOPIC, "customer.occasion_neared",
            plan("occasion", standards, due=by_the_end_of_the_day(zone), about=_itself),
        ),
        Reaction("lost_survey", customers.TOPIC, "customer.lost", invite("lost_survey", LOST, if_=_can_answer)),
        Reaction("forget", customers.TOPIC, "customer.erased", forget, always=True),
        Reaction(
            "follow_up", complaints.TOPIC, "complaint.corrected", plan("complaint_follow_up", standards), classed=True,
        ),
        Reaction("recovery_survey", complaints.TOPIC, "complaint.corrected", invite("recovery_survey", RECOVERY)),
        Reaction(
            "recovery_care", scores.TOPIC, "satisfaction.changed", plan("recovery_care", standards, if_=_not_met),
            classed=True,
        ),
        Reaction(
            "retention_care", scores.TOPIC, "loyalty.changed", plan("retention_care", standards, if_=_at_risk),
            classed=True,
        ),
    )  # fmt: skip


def plan(
    programme: str, standards: Standards, *, if_: Calls = _always, due: Due | None = None, about: About = _complaint
) -> React:
    """Plans care of `programme`, due by the standard for the customer's class (or by `due`), for whoever has a name to
    be cared for under.

    Who put a complaint right follows it up; other care is for whoever takes it from the due list.
    """

    def react(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
        if _nobody(event) or not if_(event):
            return ()
        data = CarePlanned(
            delivery=_made("delivery", programme, event), programme=programme, staff=event.data.get("by"),
            due=due(event) if due else standards.due(programme, event.time, value_class),
            why=event.type, about=about(event), value_class=None if due else value_class,
        )  # fmt: skip
        return (_unit(programme, event, Plan(at=event.time, data=lean(data))),)

    return react


def invite(name: str, survey: str, *, if_: Calls = _always) -> React:
    """Invites to a standard survey."""

    def react(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
        if _nobody(event) or not if_(event):
            return ()
        data = SurveyInvited(
            invitation=_made("invitation", name, event), survey=survey,
            why=event.type, about=event.data.get("complaint"),
        )  # fmt: skip
        return (_unit(name, event, Invite(at=event.time, data=lean(data))),)

    return react


def forget(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
    """Shreds the key of somebody who asked to be forgotten."""
    before = datetime.fromisoformat(event.data["before"])
    return (_unit("forget", event, Forget(at=before), erases=True),)


def _unit(name: str, event: Event, command: Command, *, erases: bool = False) -> Unit:
    keyed = f"reaction {name} {event.id}"
    key = hashlib.sha256(keyed.encode()).hexdigest()[:32]
    return Unit((Request(event.subject, command, keyed, key, cause=event.id, erases=erases),))


def _made(label: str, name: str, event: Event) -> str:
    """An id that every replica makes alike."""
    return uuid_v8(hashlib.sha256(f"{label} {name} {event.id}".encode()).digest())


def _nobody(event: Event) -> bool:
    return event.subject.startswith("anonymous:")


def _not_met(event: Event) -> bool:
    return event.data.get("level") == "not_met"


def _at_risk(event: Event) -> bool:
    return event.data.get("tier") == "at_risk"


def _can_answer(event: Event) -> bool:
    return event.data.get("reason") != "died"


def by_the_end_of_the_day(zone: tzinfo) -> Due:
    """The end of the special day where the company is. What day that is the fact does not say, for a topic is no place
    for birthdays; but how many days ahead it was when it was told."""

    def due(event: Event) -> datetime:
        day = event.time.astimezone(zone).date() + timedelta(days=event.data["days_ahead"])
        return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)

    return due
