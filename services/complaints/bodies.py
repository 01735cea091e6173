"""What callers send: the bodies of complaints' calls. Inbound events carry the same, with the `complaint` that a path
would name: its id, or the publisher's own reference given when it was spotted."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.catalogue.complaints import Cause, Severity, SpotterRole, Want
from libs.events.values import Body, Label, Moment, Money, Text

Reference = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,39}:[^\s\x00]([^\r\n\x00]{0,198}[^\s\x00])?$")
]
"""What another system calls a complaint: `system:key`."""
Named = Annotated[str, StringConstraints(min_length=1, max_length=240)]
"""A complaint's id, or its publisher's reference."""


class SpottedBy(Body):
    """Who noticed: their role, and who they are."""

    role: SpotterRole
    who: Label | None = None


class SpotBody(Body):
    """Dissatisfaction was noticed, by anyone. Without `customer` the complaint is anonymous. `ref` is what the
    publisher calls it: spotted again under the same one, it is the same complaint."""

    summary: Text
    severity: Severity
    spotted_by: SpottedBy
    ref: Reference | None = None
    customer: Text | None = None
    dimension: Label | None = None
    cause: Cause | None = None
    wants: Annotated[list[Want], Field(max_length=9)] = Field(default_factory=list)
    programme: Label | None = None
    staff: Label | None = None
    department: Label | None = None
    channel: Label | None = None
    at: Moment | None = None


class StepBody(Body):
    """A step happened at `at` (default: now)."""

    at: Moment | None = None


class AcknowledgementBody(StepBody):
    """The customer was told by `by` that the complaint is heard."""

    by: Label


class AssignmentBody(StepBody):
    """`owner` answers for the complaint from now on."""

    owner: Label


class EscalationBody(StepBody):
    """The complaint went up to `to`."""

    to: Label
    reason: Text


class CorrectionBody(StepBody):
    """What was done by `by` to put it right, with what compensation, and whether the customer agreed."""

    action: Text
    agreed: bool
    by: Label
    compensation: Money | None = None


class ReportBody(StepBody):
    """What customer and management were told: the root cause, and what keeps it from recurring."""

    root_cause: Text
    prevention: Text


class ReopeningBody(StepBody):
    """It was not put right after all."""

    reason: Text


class WithdrawalBody(StepBody):
    """It was taken back."""

    reason: Text


class Acknowledgement(AcknowledgementBody):
    """The same, as other systems tell it."""

    complaint: Named


class Assignment(AssignmentBody):
    """The same, as other systems tell it."""

    complaint: Named


class Escalation(EscalationBody):
    """The same, as other systems tell it."""

    complaint: Named


class Correction(CorrectionBody):
    """The same, as other systems tell it."""

    complaint: Named


class Report(ReportBody):
    """The same, as other systems tell it."""

    complaint: Named


class Reopening(ReopeningBody):
    """The same, as other systems tell it."""

    complaint: Named


class Withdrawal(WithdrawalBody):
    """The same, as other systems tell it."""

    complaint: Named
