"""The desk: takes calls at a service's doors, prepares what they need for a whole batch, hands units to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from libs.events.clock import Clock
from libs.events.decider import Invalid, Refused
from libs.events.doors import Call, Caller, Door
from libs.events.identities import Identities, as_id
from libs.events.store import Store
from libs.events.units import Loaded, Outcome, Position, Receipt, Unit, refused

B = TypeVar("B", bound=BaseModel)
AHEAD = timedelta(minutes=5)
GENERATIONS = 16


@dataclass(frozen=True, slots=True)
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


class Desk:
    """Performs calls for one service."""

    def __init__(self, store: Store, identities: Identities, clock: Clock) -> None:
        self.store, self.identities, self.clock = store, identities, clock

    async def perform(self, asked: Asked[Any]) -> Outcome:
        """Performs one call; refusals come back as verdicts."""
        prepared = await self._prepare([asked], [0])
        unit = prepared[0]
        outcome = unit if isinstance(unit, Outcome) else await self.store.execute(unit)
        return (await self._anew([asked], [outcome]))[0]

    async def perform_all(self, asked: Sequence[Asked[Any]]) -> list[Outcome]:
        """Performs many calls, in order, in few transactions; each succeeds or fails by itself."""
        outcomes = await self._run(asked, [0] * len(asked))
        return await self._anew(asked, outcomes)

    async def _run(self, asked: Sequence[Asked[Any]], generations: Sequence[int]) -> list[Outcome]:
        prepared = await self._prepare(asked, generations)
        units = [p for p in prepared if isinstance(p, Unit)]
        done = iter(await self.store.execute_all(units) if units else ())
        return [p if isinstance(p, Outcome) else next(done) for p in prepared]

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
        return [self._unit(a, g, now, found, states) for a, g in zip(asked, generations, strict=True)]

    def _unit(
        self,
        asked: Asked[B],
        generation: int,
        now: datetime,
        found: Mapping[str, Position],
        states: Mapping[str, Loaded],
    ) -> Unit | Outcome:
        try:
            call = self._call(asked, generation, now, found, states)
            unit = asked.door.unit(call)
        except Refused as refusal:
            return Outcome((refused(refusal),))
        return Unit(unit.requests, asked.receipt) if asked.receipt else unit

    def _call(
        self,
        asked: Asked[B],
        generation: int,
        now: datetime,
        found: Mapping[str, Position],
        states: Mapping[str, Loaded],
    ) -> Call[B]:
        at = getattr(asked.body, "at", None) or asked.at or now
        if at > now + AHEAD:
            raise Invalid("in_future", "the moment lies ahead of the time of receipt", pointer="/at")
        named = asked.customer or asked.door.customer(asked.body)
        subject = self.identities.resolve(named, generation) if named else ""
        caller = asked.caller
        return Call(
            body=asked.body, subject=subject, at=at, now=now, name=caller.name(), key=caller.digest(),
            identities=self.identities, cause=caller.cause, keyed=bool(caller.raw), path=asked.path,
            found=found, states=states,
        )  # fmt: skip
