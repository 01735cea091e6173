"""Leaving and coming back: the moves of the stage that have to be possible when they happened."""

from __future__ import annotations

from typing import Any, Literal

from libs.events.catalogue.customers import CustomerApproached, CustomerLost, CustomerWonBack
from libs.events.decider import NewEvent, NotYet
from services.profile.domain.commands import Lose, WinBack
from services.profile.domain.stages import MISSING, Changed, Move
from services.profile.domain.state import Customer


def lose(command: Lose, state: Customer) -> NewEvent:
    """The customer left, if they were there to leave."""
    allow("loss", command, state)
    name = move_name(command.subject, "loss", count(state, "loss") + 1)
    note = {"note": command.note} if command.note is not None else {}
    return NewEvent(CustomerLost(reason=command.reason, **note), (name,))


def win_back(command: WinBack, state: Customer) -> NewEvent:
    """The customer was approached, if they were lost, and came back where that succeeded: it may take several tries."""
    allow("win_back", command, state)
    said: dict[str, Any] = {"approach": command.approach, "by": command.by, "outcome": command.outcome}
    if command.result is not None:
        return NewEvent(CustomerApproached(**said, **command.learnt, result=command.result))
    fact = CustomerWonBack(**said, **command.learnt)
    name = move_name(command.subject, "win_back", count(state, "win_back") + 1)
    return NewEvent(fact, (name,))


def allow(move: Changed, command: Lose | WinBack, state: Customer) -> None:
    """Raises `NotYet` where the move was not possible at its time, as far as is known: what must have come between may
    still be under way."""
    new = Move(move=move, at=command.at)
    person = state.model_copy(update={"moves": (*state.moves, *command.elsewhere)})
    whole = person.model_copy(update={"moves": (*person.moves, new)}).played()
    if any(counted is new for counted in whole.counted):
        return
    before = person.played(until=command.at)
    missing = MISSING[move]
    raise NotYet(
        "out_of_order", f"not possible for a customer who was {before.stage} then",
        {"state": before.stage, "possible": before.possible},
        waits_for=move_name(command.subject, missing, count(state, missing) + 1),
    )  # fmt: skip


def count(state: Customer, move: Literal["loss", "win_back"]) -> int:
    """How often the customer was lost, or won back."""
    return sum(m.move == move for m in state.moves)


def move_name(subject: str, move: Changed, nth: int) -> str:
    """The name that the nth loss or win-back of a customer takes, for which one that came too early may wait."""
    return f"{move}:{subject}:{nth}"
