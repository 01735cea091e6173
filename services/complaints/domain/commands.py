"""What can be asked about complaints. Ids and times were put in from outside; names find things in the store."""

from __future__ import annotations

from dataclasses import dataclass

from libs.events.catalogue.complaints import ComplaintSpotted, Step
from libs.events.catalogue.customers import ValueClass
from libs.events.decider import Plain
from services.complaints.domain.machine import StepName


def by_id(complaint: str) -> str:
    """The name that finds a complaint by its id."""
    return f"complaint:{complaint}"


def by_ref(ref: str) -> str:
    """The name that finds a complaint by its publisher's own reference."""
    return f"complaint-ref:{ref}"


def by_step(complaint: str, step: StepName, count: int) -> str:
    """The name that the `count`th step of its kind takes, for which later steps that came too early may wait."""
    return f"complaint-step:{complaint}:{step}:{count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot(Plain):
    """Dissatisfaction was noticed. The same publisher's reference is spotted once."""

    spotted: ComplaintSpotted

    def unique(self, subject: str) -> tuple[str, ...]:
        return (by_ref(self.spotted.ref),) if self.spotted.ref else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Take(Plain):
    """A step was taken. `complaint` is the complaint's id or its publisher's reference; what `told` says there is
    filled in by the decision. `value_class`: the class that the customer is known to be in now."""

    complaint: str
    step: StepName
    told: Step
    value_class: ValueClass | None = None

    def unique(self, subject: str) -> tuple[str, ...]:
        # One acknowledgement is enough; the name lets a second one be answered with the position of the first.
        return (by_step(self.complaint, self.step, 1),) if self.step == "acknowledgement" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Plain):
    """The customer is to be forgotten: the store shreds the keys, no fact of our own is needed."""
