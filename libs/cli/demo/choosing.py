"""Which customers stand out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Score = dict[str, Any]


def choose(scores: Sequence[tuple[str, Score]]) -> list[tuple[str, str, Score]]:
    """(why, reference, score) of the best, the worst, and those at risk for another reason than silence."""
    rated = [(r, s) for r, s in scores if s["satisfaction"]["overall"]["gap"] is not None]
    risky = [(r, s) for r, s in scores if s["loyalty"]["tier"] == "at_risk" and s["loyalty"]["reasons"] != ["silent"]]
    found: dict[str, tuple[str, str, Score]] = {}
    for why, some, by in (("best", rated, _best), ("worst", rated, _worst), ("at risk", risky, _most_to_lose)):
        for reference, score in sorted(some, key=lambda pair: (by(pair[1]), pair[0]))[:5]:
            if sum(w == why for w, _, _ in found.values()) < 3:
                found.setdefault(reference, (why, reference, score))
    return list(found.values())


def telling(chosen: Sequence[tuple[str, str, Score]]) -> tuple[str, Score] | None:
    """Whose story is worth explaining: somebody dissatisfied, with as many answers as there are."""
    overall = [(score["satisfaction"]["overall"], reference, score) for _, reference, score in chosen]
    unhappy = [(o["n"], -o["gap"], r, s) for o, r, s in overall if o["gap"] is not None and o["gap"] < 0]
    return max(unhappy, key=lambda u: u[:2])[2:] if unhappy else None


def _best(score: Score) -> tuple[float, ...]:
    tier = score["loyalty"]["tier"] not in ("advocate", "loyal")
    return tier, -score["satisfaction"]["overall"]["gap"], -(score["loyalty"]["frequency"] or 0)


def _worst(score: Score) -> tuple[float, ...]:
    return score["satisfaction"]["overall"]["gap"], -score["satisfaction"]["overall"]["n"]


def _most_to_lose(score: Score) -> tuple[float, ...]:
    loyalty = score["loyalty"]
    return (-(loyalty["frequency"] or 0), loyalty["recency_days"] if loyalty["recency_days"] is not None else 10_000)
