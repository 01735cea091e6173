"""Takes imports back, customer by customer: what may be taken back is, and what was changed since is kept and told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from libs.events import catalogue
from libs.events.decider import Happened, Refused
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.within import RolledBack
from libs.events.units import Loaded, Outcome, Request, Unit
from libs.events.values import Money
from services.profile.api.reading import Person, find
from services.profile.domain import records
from services.profile.domain.commands import Unmerge
from services.profile.domain.evolve import evolve
from services.profile.domain.records import Said
from services.profile.domain.state import Customer
from services.profile.domain.taking_back import Annul, Restore, parts_of

TRIES = 5
AFTERMATH = frozenset({
    "customer.restored", "customer.occasion_neared", "customer.classified", "customer.segmented", "customer.unmerged",
})  # fmt: skip
"""Facts that say nothing of their own: conclusions, and what takes an import back."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of one customer: whether their record is no more, which parts of it are what they were, which were
    stated anew since and stay, how many orders and merges were taken back."""

    customer: str
    withdrawn: bool = False
    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    orders: int = 0
    merges: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    told: TakenBack
    requests: tuple[Request, ...]


async def take_back(
    platform: Platform, name: str, subjects: Sequence[str], *, by: str = "", dry_run: bool = False
) -> list[TakenBack]:
    """Takes back what an import told of these customers, each by itself; safe to repeat. With `dry_run` the rules judge
    and nothing is kept. Raises `Refused` where somebody else is at it all the time, and `StoreUnavailable`."""
    done: dict[str, TakenBack] = {}
    waiting = list(subjects)
    for _ in range(TRIES):
        people = await find(platform, waiting)
        loaded = await platform.store.load(waiting)
        plans = {
            subject: await _plan(platform, name, subject, loaded[subject], person, by)
            for subject, person in people.items()
            if isinstance(person, Person)
        }
        outcomes = await _execute(platform, [Unit(p.requests) for p in plans.values() if p.requests], dry_run)
        results = iter(outcomes)
        waiting = []
        for subject, plan in plans.items():
            if plan.requests and next(results).refusal:
                waiting.append(subject)  # somebody changed it meanwhile: looked at anew
            else:
                done[subject] = plan.told
        if not waiting:
            break
    else:
        raise Refused("moved_meanwhile", "a customer is being changed all the time; try again")
    return [done[subject] for subject in subjects if subject in done]


async def _execute(platform: Platform, units: Sequence[Unit], dry_run: bool) -> list[Outcome]:
    if not units:
        return []
    if not dry_run:
        return await platform.store.execute_all(units)
    outcomes: list[Outcome] = []
    try:
        async with platform.database.begin() as tx:
            outcomes = await platform.store.within(tx).execute_all(units)
            raise RolledBack
    except RolledBack:
        return outcomes


async def _plan(platform: Platform, name: str, subject: str, now: Loaded, person: Person, by: str) -> _Plan:
    history = await platform.store.history(subject)
    mine = [e for e in history if e.data.get("imported") == name and e.type != "customer.restored"]
    brought = {e.sequence for e in mine if not e.data.get("annuls")}
    state: Customer = now.state
    requests: list[Request] = []
    at = platform.clock.now()

    def ask(command: Restore | Annul | Unmerge, part: str) -> None:
        said = f"undo import {name} {subject} {part}"
        key = hashlib.sha256(said.encode()).hexdigest()[:32]
        requests.append(Request(subject, command, said, key, imported=name))

    gone = {e.data["refund_of"]: e.sequence for e in mine if e.data.get("annuls")}
    orders = [e for e in mine if e.type == "customer.purchased" and not e.data.get("refund_of")]
    orders = [e for e in orders if e.sequence > gone.get(e.data["order"], 0)]
    for event in orders:
        paid = Money.model_validate(event.data["amount"])
        ask(Annul(at=event.time, subject=subject, imported=name, order=event.data["order"], paid=paid), event.id)
    merges = [e for e in mine if e.type == "customer.merged" and state.merge == e.data["merge"]]
    for event in merges:
        ask(Unmerge(at=at, merge=event.data["merge"], by=by), event.id)
    statements = [(Said(e.time, e.key), _slots(e)) for e in mine if e.type in ("customer.recorded", "customer.updated")]
    said = {said for said, _ in statements}
    stated = {slot: last for slot, last in state.touched.items() if last in said}
    newer = {slot for at_, slots in statements for slot in slots if state.touched.get(slot, at_) > at_} - stated.keys()
    without = _fold(e for e in history if e.sequence not in brought)
    others = [e for e in history if e.sequence not in brought and e.type not in AFTERMATH and not e.data.get("annuls")]
    alone = person.id == subject and not person.ids
    withdrawn = bool(brought) and state.known and not others and alone
    if withdrawn or stated:
        parts = {} if withdrawn else parts_of(without, stated)
        ask(Restore(at=at, imported=name, parts=parts, stated=stated, withdrawn=withdrawn, by=by), f"{now.sequence}")
    told = TakenBack(
        subject, withdrawn, () if withdrawn else tuple(sorted(stated)), () if withdrawn else tuple(sorted(newer)),
        len(orders), len(merges),
    )  # fmt: skip
    return _Plan(told, tuple(requests))


def _slots(event: Event) -> Iterable[str]:
    """The parts of a record that a fact states."""
    return records.slots({name: value for name, value in event.data.items() if name in records.MEMBERS})


def _fold(history: Iterable[Event]) -> Customer:
    state = Customer()
    for event in history:
        data = catalogue.find(event.type).model.model_validate(event.data)
        state = evolve(state, Happened(data, event.time, event.sequence, event.id, event.key))
    return state

