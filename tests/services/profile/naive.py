"""The rule of value classes as the contract words it, with nothing clever about it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

SHARES = {"A": Decimal(80), "B": Decimal(95)}


def classes(values: Mapping[str, Decimal], shares: Mapping[str, Decimal] = SHARES) -> dict[str, str]:
    """The class of each customer."""
    total = sum((value for value in values.values() if value > 0), Decimal(0))
    found, before = {}, Decimal(0)
    for customer, value in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        if value <= 0:
            found[customer] = "C"
            continue
        share = before * 100 / total
        found[customer] = "A" if share < shares["A"] else "B" if share < shares["B"] else "C"
        before += value
    return found
