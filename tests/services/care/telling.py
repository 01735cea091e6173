"""Tests of care read: given these facts, when this is asked, then these facts follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from libs.events.decider import Happened, NewEvent
from libs.events.values import Data
from services.care.domain.commands import CareCommand
from services.care.domain.decide import DECIDER
from services.care.domain.state import CareState

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def day(number: float) -> datetime:
    """The moment so many days after the start."""
    return START + timedelta(days=number)


def given(*facts: Data) -> CareState:
    """The state that these facts leave, each a minute after the one before."""
    state = DECIDER.initial()
    for n, fact in enumerate(facts):
        state = DECIDER.evolve(state, Happened(fact, START + timedelta(minutes=n), n + 1))
    return state


def when(state: CareState, command: CareCommand) -> list[Data]:
    """The facts that the command makes."""
    return [new.data for new in DECIDER.decide(command, state)]


def after(state: CareState, new: Sequence[NewEvent]) -> CareState:
    """The state after new facts."""
    for event in new:
        state = DECIDER.evolve(state, Happened(event.data, event.at or START, 1))
    return state
