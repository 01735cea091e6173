"""Spot, Correct, Report as a machine: against a simple model, and in every order of arrival."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from libs.events.testing import hour
from services.complaints.domain.machine import LEADS_TO, State, StepName, Told, judge, replay

SPOTTED = hour(0)
NAMES: tuple[StepName, ...] = (
    "acknowledgement", "assignment", "escalation", "correction", "report", "reopening", "withdrawal",
)  # fmt: skip


class InOrder(RuleBasedStateMachine):
    """Steps that are told as they happen: the machine agrees with a table read by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Told] = []
        self.corrected = self.reported = self.withdrawn = False

    @property
    def model(self) -> State:
        if self.withdrawn:
            return "withdrawn"
        return "reported" if self.reported else "corrected" if self.corrected else "open"

    def allowed(self, step: StepName) -> bool:
        match step:
            case "report":
                return self.model == "corrected"
            case "reopening":
                return self.model in ("corrected", "reported")
            case _:
                return self.model == "open"

    @rule(step=st.sampled_from(NAMES))
    def take(self, step: StepName) -> None:
        at = SPOTTED + timedelta(hours=len(self.steps) + 1)
        judged = judge(SPOTTED, self.steps, step, at)
        assert judged.allowed == self.allowed(step)
        assert judged.before.state == self.model
        if judged.allowed:
            self.steps.append(Told(step, at))
            self.corrected = (self.corrected or step == "correction") and step != "reopening"
            self.reported = (self.reported or step == "report") and step != "reopening"
            self.withdrawn = self.withdrawn or step == "withdrawal"

    @precondition(lambda self: self.withdrawn)
    @rule(step=st.sampled_from(NAMES))
    def withdrawn_is_final(self, step: StepName) -> None:
        judged = judge(SPOTTED, self.steps, step, SPOTTED + timedelta(days=9))
        assert not judged.allowed
        assert judged.missing is None

    @invariant()
    def agrees(self) -> None:
        played = replay(SPOTTED, self.steps)
        assert played.state == self.model
        assert not played.passed
        assert set(played.possible) <= {step for step in NAMES if self.allowed(step)}


TestInOrder = InOrder.TestCase


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """A true history: each step possible when it was taken, no two at one moment."""
    state: State = "open"
    steps: list[Told] = []
    for n in range(draw(st.integers(0, 10))):
        possible = sorted(step for (before, step) in LEADS_TO if before == state)
        if not possible:
            break
        step = draw(st.sampled_from(possible))
        steps.append(Told(step, SPOTTED + timedelta(minutes=n)))
        state = LEADS_TO[state, step]
    return steps


@settings(max_examples=400)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_the_same(history: list[Told], chance: random.Random) -> None:
    """Steps that come too early wait for the one that is named, and are tried again when it has come."""
    arriving = history[:]
    chance.shuffle(arriving)
    known: list[Told] = []
    waiting: dict[Told, tuple[StepName, int]] = {}

    def offer(step: Told) -> None:
        judged = judge(SPOTTED, known, step.step, step.at)
        if judged.allowed:
            known.append(step)
            waiting.pop(step, None)
            nth = sum(s.step == step.step for s in known)
            for early in [s for s, awaited in waiting.items() if awaited == (step.step, nth)]:
                offer(early)
        else:
            assert judged.missing is not None, "a step of a true history is only ever early"
            waiting[step] = (judged.missing, sum(s.step == judged.missing for s in known) + 1)

    for step in arriving:
        offer(step)
    assert not waiting
    told = replay(SPOTTED, known)
    assert told == replay(SPOTTED, history)
    assert told.taken == tuple(history)


def test_steps_of_one_moment_find_their_order() -> None:
    at = hour(1)
    steps = [Told("correction", at), Told("reopening", at), Told("correction", at)]
    played = replay(SPOTTED, steps)
    assert [s.step for s in played.taken] == ["correction", "reopening", "correction"]
    assert played.state == "corrected"


def test_nothing_slips_in_before_a_withdrawal_of_the_same_moment() -> None:
    judged = judge(SPOTTED, [Told("withdrawal", hour(3))], "correction", hour(3))
    assert not judged.allowed
    assert judged.before.state == "withdrawn"


def test_a_withdrawal_cannot_come_before_what_counted() -> None:
    steps = [Told("correction", hour(5))]
    judged = judge(SPOTTED, steps, "withdrawal", hour(3))
    assert not judged.allowed
    assert judged.missing is None
    assert judged.before.state == "corrected"
