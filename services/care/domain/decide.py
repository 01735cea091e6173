"""Care's decider: which facts a command makes, and what they leave to be known."""

from __future__ import annotations

from typing import TypeVar, assert_never

from libs.events.catalogue.care import (
    CareDelivered,
    CareMissed,
    CarePlanned,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    SurveyPublished,
)
from libs.events.decider import Happened, NewEvent
from services.care.domain import deliveries, forms, promises
from services.care.domain.commands import (
    Answer,
    Break,
    CareCommand,
    Deliver,
    Forget,
    Invite,
    Keep,
    Miss,
    Plan,
    Publish,
    Touch,
)
from services.care.domain.lean import lean
from services.care.domain.state import CareState, Form, Planned, Promised

Open = TypeVar("Open")


def decide(command: CareCommand, state: CareState) -> list[NewEvent]:
    """The facts that `command` makes of a subject in `state`; none where it changes nothing. Raises `Refused`."""
    match command:
        case Plan():
            return deliveries.plan(command, state)
        case Deliver():
            return deliveries.deliver(command, state)
        case Miss():
            return deliveries.miss(command, state)
        case Touch():
            return promises.touch(command)
        case Keep():
            return promises.keep(command, state)
        case Break():
            return promises.run_out(command, state)
        case Publish(data=form):
            return forms.publish(form, state)
        case Invite(data=invited):
            return [NewEvent(invited, (f"invitation:{invited.invitation}",))]
        case Answer(data=answered):
            return [NewEvent(lean(answered), (f"answer:{answered.answer}",))]
        case Forget():
            return []
    assert_never(command)


def evolve(state: CareState, event: Happened) -> CareState:
    """The state after one more fact."""
    match event.data:
        case PromiseMade(promise=identity, due=due):
            return state.model_copy(update={"promises": {**state.promises, identity: Promised(due=due)}})
        case PromiseKept(promise=identity):
            return state.model_copy(update={"promises": _without(state.promises, identity)})
        case PromiseBroken(promise=identity):
            broken = state.promises[identity].model_copy(update={"broken": True})
            return state.model_copy(update={"promises": {**state.promises, identity: broken}})
        case CarePlanned(delivery=identity, due=due, programme=programme, about=about):
            planned = Planned(due=due, programme=programme, about=about)
            return state.model_copy(update={"plans": {**state.plans, identity: planned}})
        case CareDelivered(planned=str(identity)):
            return state.model_copy(update={"plans": _without(state.plans, identity)})
        case CareMissed(delivery=identity):
            missed = state.plans[identity].model_copy(update={"missed": True})
            return state.model_copy(update={"plans": {**state.plans, identity: missed}})
        case SurveyPublished() as form:
            return state.model_copy(update={"forms": {**state.forms, form.form: _form(form, event)}})
    return state


def _form(data: SurveyPublished, event: Happened) -> Form:
    return Form(
        name=data.name, dimension_set=data.dimension_set, items=data.items, asks=data.asks,
        nps=data.nps, csat=data.csat, ces=data.ces, at=event.at,
    )  # fmt: skip


def _without(known: dict[str, Open], identity: str) -> dict[str, Open]:
    return {name: value for name, value in known.items() if name != identity}


class CareDecider:
    """The three functions as the store takes them."""

    version = 1
    state = CareState

    def initial(self) -> CareState:
        return CareState()

    def evolve(self, state: CareState, event: Happened) -> CareState:
        return evolve(state, event)

    def decide(self, command: CareCommand, state: CareState) -> list[NewEvent]:
        return decide(command, state)


DECIDER = CareDecider()
