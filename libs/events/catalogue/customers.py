"""Facts about customers, owned by profile and told on `careledger.customers`."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from libs.events.catalogue.registry import event
from libs.events.values import Data, Generated, Moment, Money, Personal

TOPIC = "careledger.customers"

Kind = Literal["external", "internal"]
Party = Literal["person", "company", "department"]
Stage = Literal["prospect", "active", "lost", "won_back"]
LossReason = Literal["died", "moved", "new_ties", "competition", "quality", "indifference", "other"]
ValueClass = Literal["A", "B", "C"]
FieldType = Literal["text", "number", "integer", "boolean", "date", "choice", "choices"]
Side = Literal["survivor", "merged"]
"""The two records that a merge joins."""
Way = Literal["direct", "indirect"]
"""How a lost customer is approached."""
AttemptResult = Literal["refused", "undecided"]
OccasionKind = Literal["birthday", "special_date"]


class Record(Data):
    """The customer record as far as an event states it: a member that is absent was not touched, null clears it. So it
    is with each of the `custom` fields, and with what is known of `contacts` beside their values in `phones`, `emails`
    and `addresses`. `by`: who stated it, the name of an API key or the source of an event;
    `imported`: the import that it was part of; `across`: its lists are all there is of a person who is known under
    several ids, which were one by these merges when somebody changed the record."""

    by: Generated[str | None] = None
    imported: Generated[str | None] = None
    across: Generated[list[str] | None] = None
    kind: Kind | None = None
    party: Party | None = None
    stage: Stage | None = None
    paying: bool | None = None
    source: str | None = None
    owner: str | None = None
    department: str | None = None
    credit_grade: str | None = None
    vip: bool | None = None
    vip_reason: Personal[str | None] = None
    name: Personal[str | None] = None
    emails: Personal[list[str] | None] = None
    phones: Personal[list[str] | None] = None
    addresses: Personal[list[str] | None] = None
    refs: Personal[list[str] | None] = None
    birthday: Personal[date | None] = None
    special_dates: Personal[list[dict[str, Any]] | None] = None
    household: Personal[dict[str, Any] | None] = None
    occupation: Personal[str | None] = None
    economic_capacity: Personal[str | None] = None
    background: Personal[str | None] = None
    preferences: Personal[list[str] | None] = None
    habits: Personal[list[str] | None] = None
    requirements: Personal[list[str] | None] = None
    custom: Personal[dict[str, Any] | None] = None
    contacts: Personal[dict[str, dict[str, Any] | None] | None] = None


@event("customer.recorded", TOPIC)
class CustomerRecorded(Record):
    """A customer's record was opened. `bare`: only because something else was heard about them; not hashed; `refs` is
    then what they were named by, told once more where the record did not have it. Otherwise one in the hash with
    `customer.updated`: which of two statements opens a record depends on the order of arrival."""

    bare: Generated[bool] = False


@event("customer.updated", TOPIC)
class CustomerUpdated(Record):
    """Members of the record are what is stated, as of the fact's time; told also where they were so before, or have
    changed since."""


@event("customer.acquired", TOPIC)
class CustomerAcquired(Data):
    """The customer was won through a channel, at a cost."""

    channel: str
    cost: Money | None = None


@event("customer.purchased", TOPIC)
class CustomerPurchased(Data):
    """The customer bought (or was refunded, where `refund_of` names the order taken back). `annuls`: the order was a
    mistake of an import, and its number may come again; `restores`: no order, but given back to that one what a refund
    of an import had taken from it."""

    order: str
    amount: Money
    refund_of: str | None = None
    annuls: Generated[bool | None] = None
    restores: Generated[str | None] = None
    imported: Generated[str | None] = None


@event("customer.classified", TOPIC)
class CustomerClassified(Data):
    """A classification run (`run`) put the customer into another value class than before; `time` is the run's `as_of`,
    `reason` says why in figures."""

    value_class: ValueClass
    previous: Generated[ValueClass | None] = None
    reason: str | None = None
    run: Generated[str | None] = None


@event("customer.lost", TOPIC)
class CustomerLost(Data):
    """The customer left."""

    reason: LossReason
    note: Personal[str | None] = None


@event("customer.won_back", TOPIC)
class CustomerWonBack(Data):
    """A lost customer came back after somebody approached them, directly or not. `cause`: why they had left, as was
    learnt; `missed`: what their record had told before they left; `handed_by`: who gave them to `by`."""

    approach: Personal[str]
    by: str
    outcome: Personal[str]
    way: Way | None = None
    cause: LossReason | None = None
    handed_by: str | None = None
    missed: Personal[str | None] = None


@event("customer.approached", TOPIC)
class CustomerApproached(CustomerWonBack):
    """A lost customer was approached and did not come back (yet)."""

    result: AttemptResult


@event("customer.restored", TOPIC)
class CustomerRestored(Data):
    """What an import had stated of the record is taken back: each part of it is what it was before (with the moment and
    key of that statement; null: nothing was said; `refs` by reference). `starts`: the moves that made them active
    without the import; `bare`: no record is left; `withdrawn`: nothing else was known, so the customer is no more."""

    imported: Generated[str]
    parts: Generated[dict[str, Any]] = Field(default_factory=dict)
    personal: Personal[dict[str, Any] | None] = None
    starts: Generated[list[dict[str, str]] | None] = None
    bare: Generated[bool] = False
    withdrawn: Generated[bool] = False
    by: Generated[str | None] = None


@event("customer.merged", TOPIC)
class CustomerMerged(Data):
    """This subject is the same person as `survivor`, whose id answers from now on. `choices`: whose value counts for a
    member of the record, where somebody chose; else it is the latest that was stated, and lists are joined."""

    merge: Generated[str]
    survivor: Generated[str]
    choices: Generated[dict[str, Side] | None] = None
    by: Generated[str | None] = None
    imported: Generated[str | None] = None


@event("customer.unmerged", TOPIC)
class CustomerUnmerged(Data):
    """A merge was taken back: the edge it drew is gone."""

    merge: Generated[str]
    survivor: Generated[str]
    by: Generated[str | None] = None


@event("customer.consented", TOPIC)
class CustomerConsented(Data):
    """The customer allowed something, or refused it (`granted` false). `purpose`: a code, as `survey`; `until`: the end
    that they set to it; `evidence`: their words, or what proves it."""

    purpose: str
    granted: bool
    until: Moment | None = None
    source: str | None = None
    evidence: Personal[str | None] = None
    by: Generated[str | None] = None


class Choice(Data):
    """One of the values that a custom field takes, and what people read for it, by language."""

    code: str
    label: dict[str, str]


@event("field.declared", TOPIC)
class FieldDeclared(Data):
    """A custom field of customer records is from now on as stated here, as a whole. Its subject is no customer."""

    key: str
    type: FieldType
    label: dict[str, str]
    choices: list[Choice] = Field(default_factory=list)
    required: bool = False
    personal: bool = True
    retired: bool = False
    by: Generated[str | None] = None


@event("customer.occasion_neared", TOPIC)
class CustomerOccasionNeared(Data):
    """A birthday or special date of the customer is `days_ahead` days away; `name` and date are for profile alone.
    `marks`: keyed tokens of what the record says, by which profile knows that this was told."""

    occasion: OccasionKind
    days_ahead: int
    name: Personal[str | None] = None
    on: Personal[date | None] = None
    marks: Generated[list[str]] = Field(default_factory=list)


@event("customer.erased", TOPIC)
class CustomerErased(Data):
    """The person asked to be forgotten: keys are shredded everywhere. `before`: nothing older counts any more."""

    reason: str
    before: Generated[Moment]
