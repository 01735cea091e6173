"""Tests of care read: given these facts, when this is asked, then these facts follow."""

from __future__ import annotations

from libs.events.testing import START, day, fold
from libs.events.values import Data
from services.care.domain.commands import CareCommand
from services.care.domain.decide import DECIDER
from services.care.domain.state import CareState


def given(*facts: Data) -> CareState:
    """The state that these facts leave."""
    return fold(DECIDER, facts)


def when(state: CareState, command: CareCommand) -> list[Data]:
    """The facts that the command makes."""
    return [new.data for new in DECIDER.decide(command, state)]


__all__ = ["START", "day", "given", "when"]
