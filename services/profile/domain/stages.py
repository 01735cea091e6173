"""The stage of a customer: prospect → active → lost → won back (which counts as active again).

    prospect ──purchase, or stated──► active ──loss──► lost ──win-back──► won_back ──loss──► lost …
        └──────────────loss──────────────────────────────▲

Moves are judged at the time they happened: the stage is a replay of all of them in the order of their times. A loss
is possible unless the customer is lost already, a win-back only of a lost one. What a record states can only start
things (a prospect, or active from the first); it never undoes what happened. A purchase makes a prospect active and
moves nobody else: a lost customer who buys is still to be won back, by somebody who finds out why they left.

A move that comes late may overtake later ones that were taken before; those count again once what is missing between
them has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from libs.events.catalogue.customers import LossReason, Stage

MoveName = Literal["stated_active", "purchase", "loss", "win_back"]
Changed = Literal["loss", "win_back"]

LEADS_TO: dict[tuple[Stage, MoveName], Stage] = {
    ("prospect", "stated_active"): "active",
    ("prospect", "purchase"): "active",
    ("prospect", "loss"): "lost",
    ("active", "loss"): "lost",
    ("won_back", "loss"): "lost",
    ("lost", "win_back"): "won_back",
}
"""The transition table: what is not here moves nothing."""

RANK: dict[MoveName, int] = {"stated_active": 1, "purchase": 2, "loss": 3, "win_back": 4}
"""The natural order of moves of one moment."""

STARTING: frozenset[MoveName] = frozenset({"stated_active", "purchase"})
"""Moves that only make somebody active who never was."""

MISSING: dict[Changed, Changed] = {"loss": "win_back", "win_back": "loss"}
"""What would have to come first for a loss of a lost customer, or a win-back of one who is not lost, to be possible."""


class Move(BaseModel):
    """Something that may have moved the stage; `key` is that of the fact which told it, `reason` why somebody left."""

    model_config = ConfigDict(frozen=True)

    move: MoveName
    at: datetime
    key: str = ""
    reason: LossReason | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """What the moves come to, which of them counted, in order, and what each of those led to."""

    stage: Stage
    counted: tuple[Move, ...]
    stages: tuple[Stage, ...]

    @property
    def last(self) -> Move | None:
        """What led to the stage; None where it is the one that everything starts from."""
        return self.counted[-1] if self.counted else None

    @property
    def possible(self) -> list[str]:
        """What may be recorded next."""
        return ["win-back"] if self.stage == "lost" else ["loss"]


def replay(moves: Iterable[Move], start: Stage = "prospect", until: datetime | None = None) -> Replay:
    """Plays the moves in the order of their times, up to and including `until`."""
    stage = start
    counted: list[Move] = []
    stages: list[Stage] = []
    for move in sorted(moves, key=_order):
        if until is not None and move.at > until:
            break
        following = LEADS_TO.get((stage, move.move))
        if following:
            stage = following
            counted.append(move)
            stages.append(stage)
    return Replay(stage, tuple(counted), tuple(stages))


def added(moves: Sequence[Move], new: Move) -> tuple[Move, ...]:
    """The moves with one more, in their order; of those that only start things the first is kept, since no other can
    matter."""
    kept = list(moves)
    if new.move in STARTING:
        first = min((m for m in [*moves, new] if m.move == new.move), key=_order)
        kept, new = [m for m in moves if m.move != new.move], first
    return tuple(sorted([*kept, new], key=_order))


def restarted(moves: Iterable[Move], starts: Iterable[Move]) -> tuple[Move, ...]:
    """The moves with others in place of those that only start things."""
    return tuple(sorted([*(m for m in moves if m.move not in STARTING), *starts], key=_order))


def _order(move: Move) -> tuple[datetime, int, str]:
    return move.at, RANK[move.move], move.key
