"""What is remembered of one customer's complaints: a fold of their facts, in the order they were recorded."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from libs.events.catalogue import complaints as facts
from libs.events.catalogue.complaints import Severity
from libs.events.decider import Happened
from services.complaints.domain.machine import Replay, StepName, replay

STEPS: dict[type[facts.Step], StepName] = {
    facts.ComplaintAcknowledged: "acknowledgement",
    facts.ComplaintAssigned: "assignment",
    facts.ComplaintEscalated: "escalation",
    facts.ComplaintCorrected: "correction",
    facts.ComplaintReported: "report",
    facts.ComplaintReopened: "reopening",
    facts.ComplaintWithdrawn: "withdrawal",
}
"""Which step each fact tells of; facts of other kinds do not move a complaint."""


class History(BaseModel):
    """One step as it was told: what was said, and its number among the subject's facts."""

    model_config = ConfigDict(frozen=True)

    step: StepName
    at: datetime
    sequence: int
    told: dict[str, Any]


class Complaint(BaseModel):
    """One complaint. `sequence` is the number of its first fact, `version` of its latest."""

    model_config = ConfigDict(frozen=True)

    id: str
    sequence: int
    version: int
    spotted_at: datetime
    severity: Severity
    spotted: dict[str, Any]
    steps: tuple[History, ...] = ()

    @cached_property
    def played(self) -> Replay[History]:
        """How it stands, from all its steps."""
        return replay(self.spotted_at, self.steps)

    @property
    def owner(self) -> str | None:
        """Who answers for it: named in the latest assignment that counts."""
        assigned = [h for h in self.played.taken if h.step == "assignment"]
        return assigned[-1].told.get("owner") if assigned else None

    def count(self, step: StepName) -> int:
        """How often a step was told of."""
        return sum(h.step == step for h in self.steps)


class Complaints(BaseModel):
    """All complaints of one subject, by id."""

    complaints: dict[str, Complaint] = Field(default_factory=dict)

    def find(self, named: str) -> Complaint | None:
        """A complaint by its id or its publisher's reference."""
        if named in self.complaints:
            return self.complaints[named]
        return next((c for c in self.complaints.values() if c.spotted.get("ref") == named), None)

    def at_sequence(self, sequence: int) -> Complaint | None:
        """The complaint that a fact of this number belongs to."""
        for complaint in self.complaints.values():
            if complaint.sequence == sequence or any(h.sequence == sequence for h in complaint.steps):
                return complaint
        return None


def evolve(state: Complaints, event: Happened) -> Complaints:
    """The state after one more fact."""
    data = event.data
    if isinstance(data, facts.ComplaintSpotted):
        told = data.model_dump(mode="json", exclude={"complaint"}, exclude_none=True)
        new = Complaint(
            id=data.complaint, sequence=event.sequence, version=event.sequence, spotted_at=event.at,
            severity=data.severity, spotted=told,
        )  # fmt: skip
    elif isinstance(data, facts.Step) and type(data) in STEPS and data.complaint in state.complaints:
        known = state.complaints[data.complaint]
        told = data.model_dump(mode="json", exclude={"complaint"}, exclude_none=True)
        step = History(step=STEPS[type(data)], at=event.at, sequence=event.sequence, told=told)
        new = Complaint(
            id=known.id, sequence=known.sequence, version=event.sequence, spotted_at=known.spotted_at,
            severity=known.severity, spotted=known.spotted, steps=(*known.steps, step),
        )  # fmt: skip
    else:
        return state
    return Complaints(complaints={**state.complaints, new.id: new})
