"""Quantiles for intervals, by the standard library alone."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin, sqrt
from statistics import NormalDist

EXPANSION_FROM = 30


@lru_cache
def normal_quantile(confidence: float) -> float:
    """z such that a standard normal lies within ±z with probability `confidence` (0.95: 1.95996…)."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


@lru_cache(maxsize=4096)
def student_quantile(confidence: float, freedom: int) -> float:
    """t such that Student's t with `freedom` ≥ 1 degrees of freedom lies within ±t with probability `confidence`.

    Exact finite sums below 30 degrees (Abramowitz & Stegun 26.7.3–4, solved by bisection), from there the expansion
    26.7.5, whose error is then below 1e-6.
    """
    x = normal_quantile(confidence)
    if freedom >= EXPANSION_FROM:
        return (
            x
            + (x**3 + x) / (4 * freedom)
            + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * freedom**2)
            + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * freedom**3)
            + (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / (92160 * freedom**4)
        )
    low, high = 0.0, pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return sqrt(freedom) * sin(low) / cos(low)


def _within(angle: float, freedom: int) -> float:
    """P(|t| ≤ √freedom · tan(angle))."""
    cosine = cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for k in range(2 + odd, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    return (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total
