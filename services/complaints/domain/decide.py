"""What becomes of a wish about a complaint."""

from __future__ import annotations

from typing import Any, assert_never

from libs.events.catalogue.complaints import ComplaintCorrected
from libs.events.decider import Absent, Happened, NewEvent, NotYet, Refused
from services.complaints.domain.commands import Forget, Spot, Take, by_id, by_ref, by_step
from services.complaints.domain.machine import judge, replay
from services.complaints.domain.standards import Standards
from services.complaints.domain.state import Complaint, Complaints, evolve

Command = Spot | Take | Forget


class ComplaintsDecider:
    """The rules of complaints under a deployment's time standards."""

    version = 1
    state = Complaints

    def __init__(self, standards: Standards | None = None) -> None:
        self.standards = standards or Standards()

    def initial(self) -> Complaints:
        return Complaints()

    def evolve(self, state: Complaints, event: Happened) -> Complaints:
        return evolve(state, event)

    def decide(self, command: Any, state: Complaints) -> list[NewEvent]:
        asked: Command = command
        match asked:
            case Spot():
                return spot(asked)
            case Take():
                return take(asked, state, self.standards)
            case Forget():
                return []
            case _:
                assert_never(asked)


def spot(command: Spot) -> list[NewEvent]:
    """A new complaint, found by its id and, where it has one, by its publisher's reference."""
    spotted = command.spotted
    names = (by_id(spotted.complaint), *((by_ref(spotted.ref),) if spotted.ref else ()))
    return [NewEvent(spotted, names)]


def take(command: Take, state: Complaints, standards: Standards) -> list[NewEvent]:
    """A step of a complaint, if it was possible when it happened; the second acknowledgement says nothing new."""
    complaint = state.find(command.complaint)
    if complaint is None:
        raise Absent("unknown_complaint", "there is no such complaint")
    step, at = command.step, command.at
    if step == "acknowledgement" and complaint.count(step):
        return []
    if at < complaint.spotted_at:
        raise out_of_order(complaint, "a step cannot have been taken before the complaint was spotted")
    judged = judge(complaint.spotted_at, complaint.steps, step, at)
    if not judged.allowed:
        how = {"state": judged.before.state, "possible": judged.before.possible}
        detail = f"{step} is not possible in state {judged.before.state}"
        if judged.missing:
            waits_for = by_step(complaint.id, judged.missing, complaint.count(judged.missing) + 1)
            raise NotYet("out_of_order", detail, how, waits_for=waits_for)
        raise Refused("out_of_order", detail, how)
    told = command.told.model_copy(update={"complaint": complaint.id})
    if isinstance(told, ComplaintCorrected):
        opened = replay(complaint.spotted_at, complaint.steps, until=at).opened
        due = standards.due(complaint.severity, opened, command.value_class)
        told = told.model_copy(update={"promptly": at <= due, "due": due, **_class(command)})
    return [NewEvent(told, (by_step(complaint.id, step, complaint.count(step) + 1),))]


def _class(command: Take) -> dict[str, str]:
    return {"value_class": command.value_class} if command.value_class else {}


def out_of_order(complaint: Complaint, detail: str) -> Refused:
    """The refusal that tells how the complaint stands and what may be done with it."""
    played = complaint.played
    return Refused("out_of_order", detail, {"state": played.state, "possible": played.possible})
