"""The doors of segments: defined, changed and removed by HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from libs.events.catalogue.segments import SUBJECT, SegmentDefined
from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body, Label, Text
from services.profile.domain.grouping import DefineSegment, RemoveSegment
from services.profile.doors.bodies import kept

# members that may be left out but not be null
_NAME = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200})
_RULE, _TRUTH = WithJsonSchema({"type": "object"}), WithJsonSchema({"type": "boolean"})


class PreviewBody(Body):
    """A rule to try out."""

    rule: dict[str, Any]


class SegmentBody(PreviewBody):
    """A rule with a name: `{"all": [rule, …]}`, `{"any": [rule, …]}`, `{"not": rule}`, or a condition, which names a
    field and says one thing of it: `{"field": "value_class", "in": ["A", "B"]}`, `eq`, `in`, `prefix`, `contains`,
    `exists`, `gt`, `gte`, `lt`, `lte`.

    Fields: `kind`, `stage`, `value_class`, `vip` (as said by hand), `paying`, `source`, `owner`, `department`,
    `credit_grade`, `channel` (of acquisition), `known_since`, `systems` (that references are of), `name`, `emails`,
    `phones`, `addresses`, `birthday`, `occupation`, `economic_capacity`, `background`, `preferences`, `habits`,
    `requirements`, `household.size`, `household.structure`, `custom.<key>`; and of purchases `purchases.count` and
    `purchases.sum` (in a `currency`), both within a `window` (ISO 8601) or ever, `purchases.recency_days`,
    `purchases.first`, `purchases.last`.

    Of what is not known only `"exists": false` is true. `vip`: whoever is in the segment is a VIP, unless somebody said
    otherwise by hand."""

    name: Label
    description: Text | None = None
    vip: bool = False


class SegmentPatch(Body):
    """A change of a segment; a `rule` is replaced as a whole."""

    name: Annotated[Label | None, AfterValidator(kept), _NAME] = None
    rule: Annotated[dict[str, Any] | None, AfterValidator(kept), _RULE] = None
    description: Text | None = None
    vip: Annotated[bool | None, AfterValidator(kept), _TRUTH] = None


class Defining(Body):
    """A segment as it is to be, in a version that the caller has seen (None: any, or a new one)."""

    segment: str | None
    defined: SegmentDefined
    versions: frozenset[int] | None = None


class Removing(Body):
    """A segment that is no longer wanted."""

    segment: str


def define(call: Call[Defining]) -> Unit:
    """A new segment, or another definition of one."""
    asked = call.body
    signed = {"by": call.by} if call.by else {}
    data = SegmentDefined.model_validate(asked.defined.model_dump(exclude_unset=True) | signed)
    subject = SUBJECT + (asked.segment or call.made_id("segment"))
    command = DefineSegment(at=call.now, data=data, anew=asked.segment is None, versions=asked.versions)
    return Unit((call.request(subject, command),))


def remove(call: Call[Removing]) -> Unit:
    """No segment any more."""
    return Unit((call.request(SUBJECT + call.body.segment, RemoveSegment(at=call.now, by=call.by)),))


def _nobody(body: object) -> None:
    return


DEFINED = Door("", Defining, define, customer=_nobody, anonymous=True)
REMOVED = Door("", Removing, remove, customer=_nobody, anonymous=True)
