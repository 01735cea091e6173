"""What callers send: the bodies of profile's calls. Inbound events carry the same, with the `customer` that a path
would name where their subject does not."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from libs.events.catalogue.customers import Kind, LossReason, Party, Side, Stage, Way
from libs.events.identities import REFERENCE_PATTERN, BadName, as_id, split
from libs.events.values import Body, Day, Label, Moment, Money, Text
from services.profile.domain.persons import CHOOSABLE
from services.profile.doors.custom import Custom

T = TypeVar("T")


def _reference(text: str) -> str:
    try:
        split(text)
    except BadName:
        raise PydanticCustomError("bad_reference", "must be a reference, system:key") from None
    return text


def _named(text: str) -> str:
    return as_id(text) or _reference(text)


def _one_of(codes: Any) -> WithJsonSchema:
    """Documents a member that may be left out but not be null."""
    return WithJsonSchema({"type": "string", "enum": list(get_args(codes))})


def kept(value: T | None) -> T:
    """Refuses null."""
    if value is None:
        raise PydanticCustomError("required", "this member cannot be cleared")
    return value


UNSAID: Any = Field(default_factory=lambda: None)
"""The default of a member that may be left out but not be null."""
Reference = Annotated[
    Label,
    AfterValidator(_reference),
    Field(json_schema_extra={"pattern": REFERENCE_PATTERN, "examples": ["pos:12345"]}),
]
"""What another system knows the customer by, `system:key`."""
Named = Annotated[Label, AfterValidator(_named)]
"""A customer's id or a reference."""
Email = Annotated[Text, StringConstraints(max_length=320)]
"""An address as people give it: kept even where it is none, and flagged then."""
Phone = Annotated[Text, StringConstraints(max_length=40)]
"""A phone number in E.164 or national form, as people give it: kept even where it is none, and flagged then."""


def _choosable(choices: dict[str, Side]) -> dict[str, Side]:
    if not choices.keys() <= set(CHOOSABLE):
        raise PydanticCustomError("unknown_field", "names a field of which no side can be chosen")
    return choices


MergeChoices = Annotated[dict[str, Side], AfterValidator(_choosable)]
"""For fields of the record, whose value counts."""


class Household(Body):
    """How many live together, and who."""

    size: Annotated[int, Field(ge=1, le=100)] | None = None
    structure: Label | None = None


class SpecialDate(Body):
    """A day that matters to the customer, in the year it first was; it comes round every year."""

    occasion: Label
    on: Day


class RecordBody(Body):
    """The customer record. Every member is optional; null says that nothing is known. `party`: whether the customer is
    one person, a company, or a department, as internal customers may be. A `birthday` is not after today, a special
    date at most three years ahead."""

    party: Party | None = None
    paying: bool | None = None
    name: Label | None = None
    emails: Annotated[list[Email], Field(max_length=20)] | None = None
    phones: Annotated[list[Phone], Field(max_length=20)] | None = None
    addresses: Annotated[list[Text], Field(max_length=20)] | None = None
    source: Label | None = None
    owner: Label | None = None
    department: Label | None = None
    credit_grade: Label | None = None
    vip: bool | None = None
    vip_reason: Text | None = None
    birthday: Day | None = None
    special_dates: Annotated[list[SpecialDate], Field(max_length=50)] | None = None
    household: Household | None = None
    occupation: Label | None = None
    economic_capacity: Label | None = None
    background: Text | None = None
    preferences: Annotated[list[Label], Field(max_length=100)] | None = None
    habits: Annotated[list[Label], Field(max_length=100)] | None = None
    requirements: Annotated[list[Text], Field(max_length=100)] | None = None
    custom: Custom | None = None
    at: Moment | None = None

    def stated(self) -> dict[str, Any]:
        """The record's members that the body names, in JSON's values."""
        members: dict[str, Any] = self.model_dump(mode="json", exclude_unset=True, exclude={"at", "ref", "customer"})
        if "vip" in members:
            members.setdefault("vip_reason", None)  # the reason of before was for what was said before
        return members


class NewBody(RecordBody):
    """A new customer. The first of `refs` gives the id (random without any), further ones are merged in."""

    kind: Kind
    stage: Literal["prospect", "active"] | None = None
    refs: Annotated[list[Reference], Field(max_length=20)] | None = None


class UpsertBody(RecordBody):
    """The customer known by `ref`, made or changed: only in the members that are present."""

    ref: Reference
    kind: Annotated[Kind | None, AfterValidator(kept), _one_of(Kind)] = None
    stage: Literal["prospect", "active"] | None = None
    refs: Annotated[list[Reference], Field(max_length=20)] | None = None


class RecordedBody(UpsertBody):
    """The same, as other systems tell it: `ref` may be left out where the event's subject or `customer` says who."""

    ref: Reference | None = None  # type: ignore[assignment]
    customer: Named | None = None


class PatchBody(RecordBody):
    """A JSON merge patch of the record: null clears a member."""

    kind: Annotated[Kind | None, AfterValidator(kept), _one_of(Kind)] = None
    stage: Annotated[Stage | None, AfterValidator(kept), _one_of(Stage)] = None


class AcquisitionBody(Body):
    """The customer was won through `channel`, at a cost."""

    channel: Label
    cost: Money | None = None
    at: Moment | None = None


class PurchaseBody(Body):
    """An order, once each; `refund_of` names an order of the same customer that this one takes back, wholly or in part.
    Of refunds that together are more than their order those count that came first, whenever they happened."""

    order: Label
    amount: Money
    refund_of: Label | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _another(self) -> Self:
        if self.refund_of == self.order:
            raise PydanticCustomError("own_refund", "an order does not take itself back")
        return self


class LossBody(Body):
    """The customer left, and why; `note`: what is known of it besides."""

    reason: LossReason
    note: Text | None = None
    at: Moment | None = None


class WinBackBody(Body):
    """A lost customer was approached (`way`: directly or indirectly), by whom, and what came of it: they came back,
    unless `result` says that they refused or have not decided. `cause`: why they had left, as was learnt; `missed`:
    what their record had told before they left; `handed_by`: the member of staff who gave them to `by`."""

    approach: Text
    by: Label
    outcome: Text
    way: Way | None = None
    cause: LossReason | None = None
    handed_by: Label | None = None
    missed: Text | None = None
    result: Literal["won_back", "refused", "undecided"] | None = None
    at: Moment | None = None


class VipBody(Body):
    """The customer is, or is no longer, one whom everybody is to take particular care of, and why."""

    vip: bool
    reason: Text
    at: Moment | None = None


class ErasureBody(Body):
    """The person asked to be forgotten. Codes of `reason`: `request`, `retention`, `error`; whatever else is given
    counts as `other`, and its words are not kept."""

    reason: Label


class Acquisition(AcquisitionBody):
    """The same, as other systems tell it."""

    customer: Named | None = None


class Purchase(PurchaseBody):
    """The same, as other systems tell it."""

    customer: Named | None = None


class PurchaseOf(PurchaseBody):
    """An order of one among many customers: by id or by reference; of whom nothing was known a bare record is made."""

    customer: Named


class Loss(LossBody):
    """The same, as other systems tell it."""

    customer: Named | None = None


class WinBack(WinBackBody):
    """The same, as other systems tell it."""

    customer: Named | None = None
