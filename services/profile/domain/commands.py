"""What can be asked about customers. Ids and times were put in from outside; names find things in the store.

`create`: whether hearing this about an unknown customer opens a bare record. Events may come before the customer they
are about does; a path by which somebody addresses a customer over HTTP may not. `ref`: the reference by which they were
named, if it was by one: the record shows it from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from libs.events.catalogue.customers import (
    AttemptResult,
    CustomerConsented,
    FieldDeclared,
    LossReason,
    OccasionKind,
    Side,
)
from libs.events.decider import Plain
from libs.events.values import Money
from services.profile.domain.stages import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Plain):
    """The record is stated, all or some of it (`members`, in JSON's values). `anew`: it is meant to be a new one.

    `keyed`: it can be told from every other statement, however alike. `dated`: its moment was stated, too. `published`:
    by a system that has not seen the record.
    """

    members: Mapping[str, Any]
    subject: str
    anew: bool = False
    keyed: bool = False
    dated: bool = False
    published: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch(Plain):
    """Members of the record are changed by a JSON merge patch, in a version that the caller has seen (None: any).

    `seen`: the members of the whole person, each with the moment it was stated for; `across`: the merges by which they
    are one.
    """

    patch: Mapping[str, Any]
    versions: frozenset[int] | None = None
    seen: Mapping[str, tuple[Any, datetime]] = field(default_factory=dict)
    across: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meet(Plain):
    """Something was heard about a customer elsewhere."""

    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Plain):
    """This subject, which a further reference stands for, is the same person as `survivor`."""

    survivor: str
    merge: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Plain):
    """This subject is the same person as `survivor`; `choices` say whose value counts, member by member."""

    survivor: str
    merge: str
    choices: Mapping[str, Side]
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay(Plain):
    """Nothing new: whose id answers for this subject must be as it was when a merge was prepared."""

    merged_into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerge(Plain):
    """A merge of this subject is taken back."""

    merge: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquire(Plain):
    """The customer was won through a channel: once for each channel and cost."""

    channel: str
    cost: Money | None = None
    create: bool = False
    ref: str = ""

    def unique(self, subject: str) -> tuple[str, ...]:
        cost = f"{self.cost.amount.normalize():f} {self.cost.currency}" if self.cost else ""
        return (f"acquisition:{subject}:{cost}:{self.channel}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase(Plain):
    """The customer bought, or took an order back (`refund_of`). An order happens once.

    Of the order that is taken back: `bought_by` is the id of the person that it was bought under, where that is another
    one, `paid` what it was (None: not known yet), `paid_back` whether it was a refund itself, `refunded` what was taken
    back of it under other ids.
    """

    order: str
    amount: Money
    refund_of: str | None = None
    bought_by: str = ""
    paid: Money | None = None
    paid_back: bool = False
    refunded: Decimal = Decimal(0)
    create: bool = False
    ref: str = ""

    def unique(self, subject: str) -> tuple[str, ...]:
        return (order_name(subject, self.order),)

    def needs(self, subject: str) -> tuple[str, ...]:
        return (order_name(self.bought_by or subject, self.refund_of),) if self.refund_of else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Plain):
    """Nothing new: what was taken back of an order under this id must be as it was when a refund was prepared."""

    order: str
    refunded: Decimal


def order_name(subject: str, order: str) -> str:
    """The name that a customer's order takes."""
    return f"order:{subject}:{order}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose(Plain):
    """The customer left. `elsewhere`: what is known of the same person under other ids."""

    subject: str
    reason: LossReason
    note: str | None = None
    elsewhere: tuple[Move, ...] = ()
    create: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WinBack(Plain):
    """A lost customer was approached, and came back unless `result` says otherwise. `learnt`: whatever else was stated
    of it. `elsewhere`: as with a loss."""

    subject: str
    elsewhere: tuple[Move, ...] = ()
    approach: str
    by: str
    outcome: str
    result: AttemptResult | None = None
    learnt: Mapping[str, Any] = field(default_factory=dict)
    create: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Plain):
    """An occasion of the person, who is known by `ids`, is near. `names` say that it was told this year, of each."""

    occasion: OccasionKind
    called: str | None
    on: date
    days_ahead: int
    marks: tuple[str, ...]
    names: tuple[str, ...]

    def unique(self, subject: str) -> tuple[str, ...]:
        return self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Plain):
    """The person asked to be forgotten. `reason` is a code; the moment is that of receipt. `create`: even where nothing
    is known of them yet, so that what is still on its way is refused."""

    reason: str
    create: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateConsent(Plain):
    """A customer allowed something, or refused it. `keyed`, `dated`, `published`: as with a record."""

    data: CustomerConsented
    keyed: bool = False
    dated: bool = False
    published: bool = False
    create: bool = False
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareField(Plain):
    """A custom field is declared."""

    field: FieldDeclared
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeField(Plain):
    """Members of a custom field change, in a version that the caller has seen (None: any)."""

    key: str
    changes: Mapping[str, Any]
    versions: frozenset[int] | None = None
    by: str = ""
