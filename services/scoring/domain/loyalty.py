"""Loyalty of one customer as purchases show it: recency, frequency and monetary value (domain §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from services.scoring.domain.fact import Fact
from services.scoring.domain.purchases import PurchaseDay, purchase_days
from services.scoring.domain.settings import ScoringSettings

DAY = timedelta(days=1)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Habit:
    """How somebody buys. `last`: the moment of the last purchase, None before the first; `frequency`: repeat purchase
    days (the first does not count); `monetary`: mean value of a repeat purchase day as (amount with two decimals,
    currency), None where there is none in that currency."""

    last: datetime | None
    frequency: int
    monetary: tuple[str, str] | None

    def recency_days(self, as_of: datetime) -> int | None:
        """Whole days since the last purchase."""
        return None if self.last is None else (as_of - self.last) // DAY


def habit(facts: Sequence[Fact], settings: ScoringSettings) -> Habit:
    """The buying habit that `facts` show, admitted and in order.

    Amounts of different currencies are never added or converted: `monetary` is told in the setting's currency, else in
    that of the latest purchase, over the repeat days on which something was bought in it.
    """
    days = purchase_days(facts)
    if not days:
        return Habit(None, 0, None)
    latest = days[-1]
    return Habit(latest.last, len(days) - 1, _mean_value(days, settings.currency or latest.currency))


def _mean_value(days: list[PurchaseDay], currency: str) -> tuple[str, str] | None:
    values = [day.values[currency] for day in days[1:] if currency in day.values]
    if not values:
        return None
    mean = (sum(values, Decimal(0)) / len(values)).quantize(CENT, ROUND_HALF_EVEN)
    return format(mean, "f"), currency
