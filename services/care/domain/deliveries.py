"""Rule: care is planned, then delivered (on time or late) or missed; care may also be given without a plan.

A delivery that keeps a plan has the plan's id: it is one act of care, seen before and after. Missed care may still be
given, late.
"""

from __future__ import annotations

from libs.events.catalogue.care import CareDelivered, CareMissed
from libs.events.decider import NewEvent
from services.care.domain.commands import Deliver, Miss, Plan
from services.care.domain.lean import lean
from services.care.domain.state import CareState


def plan(command: Plan, state: CareState) -> list[NewEvent]:
    """The care falls due, unless the same (programme and what it is about) is still to be given."""
    wanted = command.data
    for identity, open_plan in state.plans.items():
        same = (open_plan.programme, open_plan.about) == (wanted.programme, wanted.about)
        if identity == wanted.delivery or (same and not open_plan.missed):
            return []
    return [NewEvent(wanted, (f"delivery:{wanted.delivery}",))]


def deliver(command: Deliver, state: CareState) -> list[NewEvent]:
    """The care was given. What the caller says of punctuality counts; else a plan's due date decides."""
    on_time, name = command.on_time, f"delivery:{command.delivery}"
    if command.keeps:
        kept = state.plans.get(command.delivery)
        if kept is None:
            return []
        name = f"delivered:{command.delivery}"
        if on_time is None:
            on_time = command.at <= kept.due
    fact = CareDelivered(
        **command.served.model_dump(),
        delivery=command.delivery, planned=command.delivery if command.keeps else None,
        on_time=on_time, cost=command.cost,
    )  # fmt: skip
    return [NewEvent(lean(fact), (name,))]


def miss(command: Miss, state: CareState) -> list[NewEvent]:
    """The care was missed; nothing where it was given, is not due yet, or has been declared missed before."""
    missed = state.plans.get(command.delivery)
    if missed is None or missed.missed or command.at < missed.due:
        return []
    return [NewEvent(CareMissed(delivery=command.delivery, due=missed.due))]
