"""How likely two records are of one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod


def score(reasons: Iterable[str], weights: Mapping[str, float]) -> float:
    """1 − Π (1 − weight): from 0 (nothing in common) towards 1, higher with every further thing in common, as if each
    by itself were enough with the likelihood of its weight."""
    return round(1 - prod(1 - weights.get(reason, 0.0) for reason in set(reasons)), 4)
