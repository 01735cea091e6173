"""What can be asked about classes and segments: what is worked out of customers, and not told by them."""

from __future__ import annotations

from dataclasses import dataclass

from libs.events.catalogue.classifications import ClassificationCompleted, ClassificationStarted, RateStated
from libs.events.catalogue.customers import ValueClass
from libs.events.catalogue.segments import CustomerSegmented, SegmentDefined
from libs.events.decider import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun(Plain):
    """A classification run begins; the subject is the run."""

    data: ClassificationStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteRun(Plain):
    """A classification run is done."""

    data: ClassificationCompleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify(Plain):
    """A run finds the customer in a class. `previous`: the class they were in at that moment, as the run knows it."""

    value_class: ValueClass
    previous: ValueClass | None
    reason: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineSegment(Plain):
    """A segment is made, or changed in a version that the caller has seen (None: any)."""

    data: SegmentDefined
    anew: bool = False
    versions: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSegment(Plain):
    """A segment is no longer wanted."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(Plain):
    """The customer enters and leaves segments, where that is news."""

    passages: tuple[CustomerSegmented, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRate(Plain):
    """What a currency is worth from a day on."""

    data: RateStated
