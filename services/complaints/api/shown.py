"""How a complaint looks to callers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.events.catalogue.complaints import Cause, Severity, SpotterRole, Want
from libs.events.units import Verdict
from services.complaints.domain.machine import State, StepName
from services.complaints.domain.state import Complaint, Complaints
from services.complaints.projections.complaints import DETAILS


class Standing(BaseModel):
    """How a complaint stands, and what may be done next."""

    id: str
    state: State
    possible: list[StepName]
    severity: Severity
    owner: str | None
    customer: str | None
    spotted_at: datetime


class Spotting(BaseModel):
    """By whom it was noticed."""

    role: SpotterRole
    who: str | None


class HistoryShown(BaseModel):
    """One step and, beside these members, what was said; `counts` is false while what must come before it is not
    known."""

    model_config = ConfigDict(extra="allow")

    step: StepName
    at: datetime
    counts: bool


class ComplaintShown(Standing):
    """A complaint with its history. `promptly`: whether its last correction kept the standard."""

    summary: str | None
    ref: str | None
    spotted_by: Spotting
    dimension: str | None
    cause: Cause | None
    wants: list[Want]
    programme: str | None
    staff: str | None
    department: str | None
    channel: str | None
    promptly: bool | None
    history: list[HistoryShown]


class Listed(Standing):
    """A complaint in a list."""

    dimension: str | None
    cause: Cause | None
    wants: list[Want]
    role: SpotterRole
    programme: str | None
    staff: str | None
    department: str | None
    channel: str | None
    value_class: str | None


class ComplaintPage(BaseModel):
    """A page of complaints."""

    items: list[Listed]
    next_cursor: str | None


def standing(complaint: Complaint, subject: str) -> dict[str, Any]:
    """How a complaint stands: nothing of what people wrote."""
    played = complaint.played
    return {
        "id": complaint.id,
        "state": played.state,
        "possible": played.possible,
        "severity": complaint.severity,
        "owner": complaint.owner,
        "customer": customer_of(subject),
        "spotted_at": complaint.spotted_at,
    }


def whole(complaint: Complaint, subject: str) -> dict[str, Any]:
    """All of a complaint."""
    said = complaint.spotted
    counted = {step.sequence for step in complaint.played.taken}
    corrected = [step for step in complaint.played.taken if step.step == "correction"]
    return {
        **standing(complaint, subject),
        "summary": said.get("summary"),
        "ref": said.get("ref"),
        "spotted_by": {"role": said.get("role"), "who": said.get("who")},
        **{name: said.get(name) for name in DETAILS if name not in ("role", "wants")},
        "wants": said.get("wants", []),
        "promptly": corrected[-1].told.get("promptly") if corrected else None,
        "history": [
            {**step.told, "step": step.step, "at": step.at, "counts": step.sequence in counted}
            for step in sorted(complaint.steps, key=lambda step: (step.at, step.sequence))
        ],
    }  # fmt: skip


def customer_of(subject: str) -> str | None:
    """The customer that a subject is; None for the anonymous."""
    return None if subject.startswith("anonymous:") else subject


def met(verdicts: Sequence[Verdict]) -> Complaint | None:
    """The complaint that a write was about, by the fact that it made or met."""
    position, state = verdicts[0].position, verdicts[0].state
    assert position is not None, "what was accepted stands somewhere"
    return state.at_sequence(position.sequence) if isinstance(state, Complaints) else None
