"""The desk: takes calls at a service's doors, prepares what they need for a whole batch, hands units to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from libs.events.catalogue.customers import ValueClass
from libs.events.clock import Clock
from libs.events.decider import Invalid, Moved, Refused
from libs.events.doors import Call, Caller, Door
from libs.events.envelope import Event
from libs.events.identities import Identities, as_id
from libs.events.people import Classes
from libs.events.store import Store
from libs.events.store.database import Transaction
from libs.events.units import Loaded, Outcome, Position, Receipt, Unit, Verdict, refused

B = TypeVar("B", bound=BaseModel)
AHEAD = timedelta(minutes=5)
GENERATIONS = 16
ROUNDS = 8
"""How often a call is prepared anew where what it rests on keeps moving."""


@dataclass(slots=True)
class Asked(Generic[B]):
    """One call as it came in: the door, its valid body, who asks; `customer` is how the addressed customer is named
    from outside the body (a path's id, an event's subject), if it is."""

    door: Door[B]
    body: B
    caller: Caller
    customer: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    receipt: Receipt | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked up for a batch of calls, which share it; the later parts are filled in as they turn out."""

    found: Mapping[str, Position]
    states: dict[str, Loaded]
    recalled: dict[str, Event] = field(default_factory=dict)
    classes: dict[str, ValueClass] = field(default_factory=dict)


class Desk:
    """Performs calls for one service. `classes` is what it knows of customers' classes, if anything."""

    def __init__(self, store: Store, identities: Identities, clock: Clock, classes: Classes | None = None) -> None:
        self.store, self.identities, self.clock, self._classes = store, identities, clock, classes

    def within(self, tx: Transaction) -> Desk:
        """The desk inside a transaction of the caller's, who commits or rolls back."""
        classes = self._classes.within(tx) if self._classes else None
        return Desk(self.store.within(tx), self.identities, self.clock, classes)

    async def perform(self, asked: Asked[Any]) -> Outcome:
        """Performs one call; refusals come back as verdicts."""
        for _ in range(ROUNDS):
            prepared = await self._prepare([asked], [0])
            unit = prepared[0]
            outcome = unit if isinstance(unit, Outcome) else await self.store.execute(unit)
            if not _moved(outcome):
                break
        return (await self._anew([asked], [outcome]))[0]

    async def perform_all(self, asked: Sequence[Asked[Any]]) -> list[Outcome]:
        """Performs many calls, in order, in few transactions; each succeeds or fails by itself."""
        outcomes = await self._run(asked, [0] * len(asked))
        return await self._anew(asked, outcomes)

    async def _run(
        self, asked: Sequence[Asked[Any]], generations: Sequence[int], rounds: int = ROUNDS
    ) -> list[Outcome]:
        prepared = await self._prepare(asked, generations)
        units = [p for p in prepared if isinstance(p, Unit)]
        done = iter(await self.store.execute_all(units) if units else ())
        outcomes = [p if isinstance(p, Outcome) else next(done) for p in prepared]
        moved = [i for i, outcome in enumerate(outcomes) if _moved(outcome)]
        if moved and rounds > 1:
            again = await self._run([asked[i] for i in moved], [generations[i] for i in moved], rounds - 1)
            for i, outcome in zip(moved, again, strict=True):
                outcomes[i] = outcome
        return outcomes

    async def _anew(self, asked: Sequence[Asked[Any]], outcomes: list[Outcome]) -> list[Outcome]:
        """Who was erased and comes back by reference starts anew: the same reference, the next generation."""
        for generation in range(1, GENERATIONS):
            again = [i for i, o in enumerate(outcomes) if self._comes_back(asked[i], o)]
            if not again:
                break
            for i, outcome in zip(
                again, await self._run([asked[i] for i in again], [generation] * len(again)), strict=True
            ):
                outcomes[i] = outcome
        return outcomes

    def _comes_back(self, asked: Asked[Any], outcome: Outcome) -> bool:
        refusal = outcome.refusal
        if refusal is None or refusal.status != "erased" or refusal.refusal is None:
            return False
        named = asked.customer or asked.door.customer(asked.body)
        return bool(refusal.refusal.extra.get("anew")) and named is not None and as_id(named) is None

    async def _prepare(self, asked: Sequence[Asked[Any]], generations: Sequence[int]) -> list[Unit | Outcome]:
        names = {n for a in asked for n in a.door.lookups(a.body)}
        subjects = {s for a in asked for s in a.door.loads(a.body)}
        found = await self.store.find(names) if names else {}
        states = await self.store.load(subjects) if subjects else {}
        now = self.clock.now()
        seen = Seen(found, states)
        calls = [self._call(a, g, now, seen) for a, g in zip(asked, generations, strict=True)]
        await self._follow(asked, calls, seen.states)
        await self._recall(asked, calls, seen.recalled)
        await self._classify(asked, calls, seen.classes)
        return await self._done_before(calls, [_unit(a, c) for a, c in zip(asked, calls, strict=True)])

    async def _done_before(
        self, calls: Sequence[Call[Any] | Outcome], units: list[Unit | Outcome]
    ) -> list[Unit | Outcome]:
        """What a door refuses now may be what an event brought about when it came first: then it is *already*."""
        names = {
            i: call.name for i, (call, unit) in enumerate(zip(calls, units, strict=True))
            if isinstance(call, Call) and call.published and isinstance(unit, Outcome)
        }  # fmt: skip
        found = await self.store.find(set(names.values())) if names else {}
        for i, name in names.items():
            if at := found.get(name):
                units[i] = Outcome((Verdict("already", at),), position=at)
        return units

    async def _follow(
        self, asked: Sequence[Asked[Any]], calls: Sequence[Call[Any] | Outcome], states: dict[str, Loaded]
    ) -> None:
        """Loads what calls turn out to need, in as many steps as the longest way onward has, into `states`."""
        onward = {a.door.onward for a in asked}
        wanted = {s for a, c in zip(asked, calls, strict=True) if isinstance(c, Call) for s in a.door.follows(c)}
        while wanted := wanted - states.keys():
            loaded = await self.store.load(wanted)
            states |= loaded
            wanted = {s for found in loaded.values() for leads in onward if (s := leads(found.state))}

    async def _recall(
        self, asked: Sequence[Asked[Any]], calls: Sequence[Call[Any] | Outcome], recalled: dict[str, Event]
    ) -> None:
        """Reads the facts that calls need to see, into `recalled`."""
        names = {n for a, c in zip(asked, calls, strict=True) if isinstance(c, Call) for n in a.door.recalls(c)}
        for name, at in (await self.store.find(names)).items() if names else ():
            (recalled[name],) = await self.store.history(at.subject, at.sequence - 1, 1)

    async def _classify(
        self, asked: Sequence[Asked[Any]], calls: Sequence[Call[Any] | Outcome], classes: dict[str, ValueClass]
    ) -> None:
        """Looks up the classes that calls need to know, into `classes`."""
        wanted = {s for a, c in zip(asked, calls, strict=True) if isinstance(c, Call) for s in a.door.classed(c)}
        if wanted and self._classes:
            classes |= await self._classes.of(wanted)

    def _call(self, asked: Asked[B], generation: int, now: datetime, seen: Seen) -> Call[B] | Outcome:
        try:
            return self._called(asked, generation, now, seen)
        except Refused as refusal:
            return Outcome((refused(refusal),))

    def _called(self, asked: Asked[B], generation: int, now: datetime, seen: Seen) -> Call[B]:
        at = getattr(asked.body, "at", None) or asked.at or now
        if at > now + AHEAD:
            raise Invalid("in_future", "the moment lies ahead of the time of receipt", pointer="/at")
        named = asked.customer or asked.door.customer(asked.body)
        subject = self.identities.resolve(named, generation) if named else ""
        caller = asked.caller
        return Call(
            body=asked.body, subject=subject, at=at, now=now, name=caller.name(), key=caller.digest(),
            identities=self.identities, cause=caller.cause, keyed=bool(caller.raw),
            published=caller.published, by=caller.who(), path=asked.path, found=seen.found, states=seen.states,
            recalled=seen.recalled, classes=seen.classes, named=named or "", imported=caller.imported,
        )  # fmt: skip


def _unit(asked: Asked[B], call: Call[B] | Outcome) -> Unit | Outcome:
    if isinstance(call, Outcome):
        return call
    try:
        unit = asked.door.unit(call)
    except Refused as refusal:
        return Outcome((refused(refusal),))
    return Unit(unit.requests, asked.receipt) if asked.receipt else unit


def _moved(outcome: Outcome) -> bool:
    verdict = outcome.refusal
    return verdict is not None and isinstance(verdict.refusal, Moved)
