"""The stage of a customer: prospect → active → lost → won back, replayed from what happened.

The same table as profile's, which owns the stage; scoring replays it because a score may look back to any day. A lost
customer who buys is still to be won back, by somebody who finds out why they left. What came by an import that was
taken back moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from libs.events.catalogue.customers import Stage
from services.scoring.domain.fact import Fact
from services.scoring.domain.taken_back import PURCHASED, RESTORED, STATING, standing

Move = Literal["stated", "purchase", "loss", "win_back"]

LEADS_TO: dict[tuple[Stage, Move], Stage] = {
    ("prospect", "stated"): "active",
    ("prospect", "purchase"): "active",
    ("prospect", "loss"): "lost",
    ("active", "loss"): "lost",
    ("won_back", "loss"): "lost",
    ("lost", "win_back"): "won_back",
}
"""The transition table: what is not here moves nothing."""

RANK: dict[Move, int] = {"stated": 1, "purchase": 2, "loss": 3, "win_back": 4}
"""The natural order of moves of one moment; their keys are digests and would order them by chance."""

_TELLING = STATING | {PURCHASED, RESTORED, "customer.lost", "customer.won_back"}


def stage_of(facts: Iterable[Fact]) -> Stage:
    """The stage that `facts` (admitted) come to; who is only heard of is a prospect, and a colleague is served from the
    first."""
    facts = standing(fact for fact in facts if fact.type in _TELLING)
    moves = [(fact.time, RANK[move], move) for fact in facts if (move := _move(fact)) is not None]
    stage: Stage = "active" if _internal(facts) else "prospect"
    for _, _, move in sorted(moves):
        stage = LEADS_TO.get((stage, move), stage)
    return stage


def _internal(facts: Iterable[Fact]) -> bool:
    stated = [f for f in facts if f.type in STATING and not f.data.get("bare")]
    kinds = [(fact.order, fact.data["kind"]) for fact in stated if fact.data.get("kind")]
    return bool(kinds) and max(kinds)[1] == "internal"


def _move(fact: Fact) -> Move | None:
    match fact.type:
        case "customer.purchased":
            return None if fact.data.get("refund_of") is not None else "purchase"
        case "customer.lost":
            return "loss"
        case "customer.won_back":
            return "win_back"
        case "customer.recorded" | "customer.updated":
            return "stated" if fact.data.get("stage") == "active" else None
    return None
