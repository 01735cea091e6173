"""The real part of the demo: 6,919 orders of 2,357 customers of a CD shop, 1997-01-01 to 1998-06-30."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files

SYSTEM = "cdnow"
CURRENCY = "USD"
END = datetime(1998, 6, 30, 23, 59, 59, tzinfo=UTC)
"""The last moment that the data tells of."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order: its number (that of its line: the data has none), whose it is, when, and what was paid."""

    number: int
    customer: str
    at: datetime
    amount: str

    @property
    def reference(self) -> str:
        """The customer, as the shop knows them."""
        return f"{SYSTEM}:{self.customer}"


def orders(lines: Iterable[str] | None = None) -> list[Order]:
    """The orders, in the order of the file: by customer, each customer's by day.

    The data knows days only: an order is at noon, and a second one of the same day a minute later, so that they are
    told apart and still of one day.
    """
    if lines is None:
        lines = (files("libs.cli") / "data" / "cdnow_sample.txt").read_text().splitlines()
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for number, line in enumerate((line for line in lines if line.strip()), 1):
        customer, _, day, _, amount = line.split()
        noon = datetime.strptime(day, "%Y%m%d").replace(hour=12, tzinfo=UTC)
        found.append(Order(number, customer, noon + timedelta(minutes=seen[customer, day]), amount))
        seen[customer, day] += 1
    return found
