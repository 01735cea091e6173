"""Purchases as a shop has them, made up: by BG/NBD and Gamma-Gamma with the parameters published for CDNOW.

Customers buy first in the first twelve weeks, then at a rate of their own until they drop out, for 78 weeks in all: a
few very often, most never again. 25,500 customers come to some 70,000 purchases. The same seed makes the same ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2025, 1, 1, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
WEEKS, COHORT = 78.0, 12.0
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
P, Q, GAMMA = 6.25, 3.74, 15.44


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase."""

    customer: int
    order: int
    at: datetime
    amount: str


def purchases(customers: int, seed: int) -> Iterator[Bought]:
    """The purchases of so many customers, each one's in order."""
    dice = random.Random(seed)
    for customer in range(customers):
        rate = dice.gammavariate(R, 1 / ALPHA)
        drops_out = dice.betavariate(A, B)
        worth = dice.gammavariate(Q, 1 / GAMMA)
        week, order = dice.uniform(0, COHORT), 0
        while week < WEEKS:
            amount = f"{max(dice.gammavariate(P, 1 / worth), 0.01):.2f}"
            at = START + timedelta(seconds=round(week * WEEK.total_seconds()))
            yield Bought(customer, order, at, amount)
            order += 1
            if (order > 1 and dice.random() < drops_out) or rate < 1e-9:
                break
            week += dice.expovariate(rate)


def repeat_days(bought: list[Bought]) -> int:
    """On how many days after the first a customer bought."""
    return len({each.at.date() for each in bought}) - 1
