"""Purchase days: what the orders of one customer come to, refunds taken off.

- A day is a UTC day; the orders of one day are one purchase.
- A refund takes its amount off the order it names, on that order's day and not on its own: that is the purchase that
  was worth less. An order taken back in full is no purchase at all; more cannot be taken back than was paid.
- A refund of an order that is not known (yet), or in another currency than it, changes nothing until that is known.
- Orders and refunds of an import that was taken back never were (`taken_back`); the same numbers may come again.
- The same order told through two records of one person (same order, moment, amount) is one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from services.scoring.domain.fact import Fact
from services.scoring.domain.taken_back import PURCHASED, standing

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Order:
    """One order and what of it was taken back."""

    at: datetime
    currency: str
    amount: Decimal
    refunded: Decimal = _NOTHING
    touched: bool = False

    @property
    def stands(self) -> bool:
        """Whether it still counts as a purchase. An order for nothing does, one taken back in full does not."""
        return not self.touched or self.refunded < self.amount

    @property
    def value(self) -> Decimal:
        """What the customer paid in the end."""
        return max(self.amount - self.refunded, _NOTHING) if self.touched else self.amount


@dataclass(frozen=True, slots=True)
class PurchaseDay:
    """A day on which the customer bought: its value by currency and the moment of the last order."""

    day: date
    values: dict[str, Decimal]
    last: datetime
    currency: str
    """Of the last order."""


def purchase_days(facts: Iterable[Fact]) -> list[PurchaseDay]:
    """The days, in order, on which the customer bought what was not taken back; `facts` in order of the fold."""
    days: dict[date, dict[str, Decimal]] = {}
    last: dict[date, Order] = {}
    for order in standing_orders(facts):
        day = (order.at if order.at.tzinfo is UTC else order.at.astimezone(UTC)).date()
        values = days.setdefault(day, {})
        values[order.currency] = values.get(order.currency, _NOTHING) + order.value
        last[day] = order
    return [PurchaseDay(day, days[day], last[day].at, last[day].currency) for day in sorted(days)]


def standing_orders(facts: Iterable[Fact]) -> list[Order]:
    """The orders not taken back in full, each with what was."""
    orders: list[Order] = []
    here: dict[tuple[str, str], Order] = {}
    anywhere: dict[str, Order] = {}
    refunds: list[Fact] = []
    told: set[tuple[object, ...]] = set()
    for fact in standing(fact for fact in facts if fact.type == PURCHASED):
        data = fact.data
        money, refund_of = data["amount"], data.get("refund_of")
        same = (data["order"], refund_of, fact.time, money["amount"], money["currency"])
        if same in told:
            continue
        told.add(same)
        if refund_of is not None:
            refunds.append(fact)
            continue
        order = Order(fact.time, money["currency"], Decimal(money["amount"]))
        orders.append(order)
        here.setdefault((fact.subject, data["order"]), order)
        anywhere.setdefault(data["order"], order)
    for fact in refunds:
        # Order numbers are unique within one record: that record's own order first, the person's other ones second.
        name = fact.data["refund_of"]
        taken = here.get((fact.subject, name)) or anywhere.get(name)
        money = fact.data["amount"]
        if taken is not None and taken.currency == money["currency"]:
            taken.refunded += Decimal(money["amount"])
            taken.touched = True
    return [order for order in orders if order.stands]
