"""Takes imports back, customer by customer: what may be taken back is, and what was changed since is kept and told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from libs.events import catalogue
from libs.events.decider import Happened, Refused
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.within import RolledBack
from libs.events.units import Loaded, Outcome, Request, Unit
from libs.events.values import Money
from services.profile.api.reading import GENERATIONS, Person, find
from services.profile.domain import records
from services.profile.domain.commands import Unmerge, order_name
from services.profile.domain.evolve import evolve
from services.profile.domain.records import Said
from services.profile.domain.stages import STARTING, restarted
from services.profile.domain.state import Customer
from services.profile.domain.taking_back import Annul, GiveBack, Restore, parts_of
from services.profile.projections.imports import takes_back

TRIES = 5
Reason = Literal["stated_since", "names_the_customer", "told_by_others"]
STATING = frozenset({"customer.recorded", "customer.updated"})
AFTERMATH = frozenset({
    "customer.restored", "customer.occasion_neared", "customer.classified", "customer.segmented", "customer.unmerged",
})  # fmt: skip
"""Facts that say nothing of their own: conclusions, and what takes an import back."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A part of a record that stays, and the code of the reason."""

    field: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of one customer: whether their record is no more, which parts of it are what they were, which were
    stated anew since and stay, how many orders, refunds and merges were taken back. `stays`: what is as the import had
    it, and why."""

    customer: str
    withdrawn: bool = False
    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    orders: int = 0
    refunds: int = 0
    merges: int = 0
    stays: tuple[Stay, ...] = ()


@dataclass(frozen=True, slots=True)
class _Plan:
    told: TakenBack
    requests: tuple[Request, ...]
    starts: bool
    """Whether what made the customer active is another thing without the import."""


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
                done.setdefault(subject, plan.told)
                if plan.starts and not dry_run:
                    waiting.append(subject)  # looked at once more: what came meanwhile may have started them, too
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
    brought = {e.sequence for e in mine if not takes_back(e)}
    state: Customer = now.state
    requests: list[Request] = []
    at = platform.clock.now()

    def ask(command: Restore | Annul | GiveBack | Unmerge, part: str) -> None:
        said = f"undo import {name} {subject} {part}"
        key = hashlib.sha256(said.encode()).hexdigest()[:32]
        requests.append(Request(subject, command, said, key, imported=name))

    gone = {e.data["refund_of"]: e.sequence for e in mine if e.data.get("annuls")}
    gone |= {e.data["order"].removeprefix(f"undo:{name}:"): e.sequence for e in mine if e.data.get("restores")}
    told = [e for e in mine if e.type == "customer.purchased" and not takes_back(e)]
    told = [e for e in told if e.sequence > gone.get(e.data["order"], 0)]
    orders = [e for e in told if not e.data.get("refund_of")]
    void = annulled(history)
    refunds = [e for e in told if e.data.get("refund_of") and e.sequence > void.get(e.data["refund_of"], 0)]
    for event in orders:
        order, paid = event.data["order"], Money.model_validate(event.data["amount"])
        of_it = tuple(e.data["order"] for e in refunds if e.data["refund_of"] == order)
        ask(Annul(at=event.time, subject=subject, imported=name, order=order, paid=paid, refunds=of_it), event.id)
    taken = {e.data["order"] for e in orders}
    for event in refunds:
        if event.data["refund_of"] not in taken:
            order, amount = event.data["refund_of"], Money.model_validate(event.data["amount"])
            bought = await _bought(platform, order, [subject, person.id, *person.ids]) or event.time
            ask(
                GiveBack(
                    at=bought, subject=subject, imported=name, refund=event.data["order"], order=order, amount=amount
                ),
                event.id,
            )
    merges = [e for e in mine if e.type == "customer.merged" and state.merge == e.data["merge"]]
    for event in merges:
        ask(Unmerge(at=at, merge=event.data["merge"], by=by), event.id)
    statements = [(Said(e.time, e.key), _slots(e)) for e in mine if e.type in STATING]
    said = {said for said, _ in statements}
    stated = {slot: last for slot, last in state.touched.items() if last in said}
    newer = {slot for at_, slots in statements for slot in slots if state.touched.get(slot, at_) > at_} - stated.keys()
    left = alive([e for e in history if e.sequence not in brought], history)
    without = _fold(left)
    others = [e for e in left if e.type not in AFTERMATH and not takes_back(e)]
    alone = person.id == subject and not person.ids
    withdrawn = bool(brought) and state.known and not others and alone
    only = {ref: without.first.get(ref) for ref, here in state.first.items() if without.first.get(ref) != here}
    own = {ref for ref in only if subject in {platform.identities.of_reference(ref, g) for g in range(GENERATIONS)}}
    refs = {ref: here for ref, here in only.items() if ref not in own}
    starts = tuple(move for move in without.moves if move.move in STARTING)
    started = tuple(move for move in state.moves if move.move in STARTING)
    bare = state.recorded and not without.recorded
    anew = any(e.type in STATING and e.sequence > last(name, history) for e in mine)
    restored, stays = set(stated), {*(Stay(slot, "stated_since") for slot in newer)}
    if any(here is None for here in refs.values()):
        restored.add("refs")
    if any(only[ref] is None for ref in own):
        stays.add(Stay("refs", "names_the_customer"))
    if started != starts:
        moves = restarted(state.moves, starts)
        if state.model_copy(update={"moves": moves}).stage != state.stage:
            restored.add("stage")
        else:
            stays.add(Stay("stage", "told_by_others"))
    if withdrawn:
        ask(Restore(at=at, imported=name, parts={}, stated=stated, withdrawn=True, by=by), f"{now.sequence}")
    elif state.known and (stated or refs or anew or bare or started != starts):
        ask(
            Restore(
                at=at, imported=name, parts=parts_of(without, stated), stated=stated, refs=refs, bare=bare, by=by,
                told={ref: state.first[ref] for ref in refs}, starts=starts if started != starts else None,
            ),
            f"{now.sequence}",
        )  # fmt: skip
    back = TakenBack(subject, withdrawn, orders=len(orders), refunds=len(refunds), merges=len(merges))
    if not withdrawn:
        sorted_stays = tuple(sorted(stays, key=lambda stay: (stay.field, stay.reason)))
        back = replace(back, restored=tuple(sorted(restored)), kept=tuple(sorted(newer)), stays=sorted_stays)
    return _Plan(back, tuple(requests), started != starts and not withdrawn)


def annulled(history: Sequence[Event]) -> dict[str, int]:
    """Orders that were taken back, with the number of the fact that last did."""
    return {e.data["refund_of"]: e.sequence for e in history if e.data.get("annuls")}


def last(imported: str, history: Sequence[Event]) -> int:
    """The number of the fact that last took back what an import had stated; 0 where none did."""
    found = [e for e in history if e.type == "customer.restored" and e.data["imported"] == imported]
    return found[-1].sequence if found else 0


def alive(facts: Sequence[Event], history: Sequence[Event]) -> list[Event]:
    """The facts without what was taken back of any import, and without what restored records."""
    orders = annulled(history)
    with_it = {(e.data["imported"], e.data["refund_of"]): e.sequence for e in history if e.data.get("annuls")}
    names = {e.data["imported"] for e in facts if e.data.get("imported")}
    undone = {name: last(name, history) for name in names}
    found = []
    for event in facts:
        if event.type in STATING and event.sequence < undone.get(event.data.get("imported") or "", 0):
            continue
        if event.type == "customer.purchased" and event.sequence < orders.get(event.data["order"], 0):
            continue
        if event.sequence < with_it.get((event.data.get("imported"), event.data.get("refund_of")), 0):
            continue  # a refund that the same import brought
        if event.type != "customer.restored":
            found.append(event)
    return found


async def _bought(platform: Platform, order: str, ids: Sequence[str]) -> datetime | None:
    """When a person bought an order, under whichever of their ids."""
    found = await platform.store.find([order_name(subject, order) for subject in dict.fromkeys(ids)])
    for at in found.values():
        (event,) = await platform.store.history(at.subject, at.sequence - 1, 1)
        return event.time
    return None


def _slots(event: Event) -> Iterable[str]:
    """The parts of a record that a fact states."""
    return records.slots({name: value for name, value in event.data.items() if name in records.MEMBERS})


def _fold(history: Iterable[Event]) -> Customer:
    state = Customer()
    for event in history:
        data = catalogue.find(event.type).model.model_validate(event.data)
        state = evolve(state, Happened(data, event.time, event.sequence, event.id, event.key))
    return state

