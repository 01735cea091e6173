"""Facts about complaints, owned by complaints and told on `careledger.complaints`."""

from __future__ import annotations

from typing import Literal

from libs.events.catalogue.customers import ValueClass
from libs.events.catalogue.registry import event
from libs.events.values import Data, Generated, Moment, Money, Personal

TOPIC = "careledger.complaints"

Severity = Literal["minor", "serious"]
SpotterRole = Literal["customer", "staff", "survey", "system"]
Cause = Literal[
    "expectation_not_met", "customer_product_knowledge", "already_upset", "prejudice", "feels_doubted", "cannot_vent",
    "need_unmet", "lack_of_training", "staff_product_knowledge", "poor_communication", "empty_promise", "bad_attitude",
    "not_listening", "slow", "careless", "impatient",
]  # fmt: skip
Want = Literal[
    "taken_seriously", "respect", "immediate_action", "compensation", "fault_dealt_with", "never_again",
    "listened_to", "gratitude", "urgency",
]  # fmt: skip


class Step(Data):
    """Something done about one complaint."""

    complaint: Generated[str]


@event("complaint.spotted", TOPIC)
class ComplaintSpotted(Step):
    """Dissatisfaction was noticed, by anyone."""

    summary: Personal[str]
    severity: Severity
    role: SpotterRole
    ref: Personal[str | None] = None
    who: Personal[str | None] = None
    dimension: str | None = None
    cause: Cause | None = None
    wants: tuple[Want, ...] = ()
    programme: str | None = None
    staff: str | None = None
    department: str | None = None
    channel: str | None = None


@event("complaint.acknowledged", TOPIC)
class ComplaintAcknowledged(Step):
    """The customer was told that the complaint is heard."""

    by: str


@event("complaint.assigned", TOPIC)
class ComplaintAssigned(Step):
    """One named person answers for the complaint."""

    owner: str


@event("complaint.escalated", TOPIC)
class ComplaintEscalated(Step):
    """The complaint went up to somebody."""

    to: str
    reason: Personal[str]


@event("complaint.paused", TOPIC)
class ComplaintPaused(Step):
    """The clock stands still while waiting for the customer."""

    reason: Personal[str]


@event("complaint.resumed", TOPIC)
class ComplaintResumed(Step):
    """The clock runs again."""


@event("complaint.corrected", TOPIC)
class ComplaintCorrected(Step):
    """The complaint was put right. `promptly`: by `due`, as the standard for its severity and `value_class` asked, the
    class that the customer was known to be in when this was recorded; derived from other facts, so not hashed."""

    action: Personal[str]
    agreed: bool
    by: str
    compensation: Money | None = None
    promptly: Generated[bool | None] = None
    due: Generated[Moment | None] = None
    value_class: Generated[ValueClass | None] = None


@event("complaint.reported", TOPIC)
class ComplaintReported(Step):
    """Customer and management were told the root cause and what keeps it from recurring."""

    root_cause: Personal[str]
    prevention: Personal[str]


@event("complaint.reopened", TOPIC)
class ComplaintReopened(Step):
    """A corrected complaint is open again."""

    reason: Personal[str]


@event("complaint.withdrawn", TOPIC)
class ComplaintWithdrawn(Step):
    """The complaint was taken back."""

    reason: Personal[str]


@event("complaint.overdue", TOPIC)
class ComplaintOverdue(Step):
    """A time standard was broken: by `due`, `standard` should have been met."""

    standard: str
    due: Moment


@event("complaint.rescinded", TOPIC)
class ComplaintRescinded(Step):
    """Late news showed that a declared breach was none; both stay visible."""

    standard: str
    overdue: Generated[str]
