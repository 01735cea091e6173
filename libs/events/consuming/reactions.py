"""The consumer `reactions`: answers facts with commands to the service's own store, in the transaction that moves the
offset, and keyed by the fact: so each happens once, however often the fact is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

from libs.events.clock import Clock
from libs.events.consuming import metrics
from libs.events.consuming.decoding import Arrival
from libs.events.people import Classes
from libs.events.store import Store
from libs.events.store.database import Transaction
from libs.events.units import Unit
from libs.events.views import Reaction


class Reactions:
    """All policies of a service as one consumer.

    A cause that is older than `reaction_days` triggers nothing (a new service, or one that was away, must not send last
    year's reminders), except to reactions that are `always` heard. A refusal is an answer like another: it is counted,
    and holds nothing up. `wake` is called once new facts were committed.
    """

    def __init__(
        self, service: str, reactions: Sequence[Reaction], store: Store, clock: Clock, reaction_days: float,
        wake: Callable[[], None] = lambda: None, classes: Classes | None = None,
    ) -> None:  # fmt: skip
        self._service, self._store, self._clock, self._wake = service, store, clock, wake
        self._classes = classes
        self._heard = timedelta(days=reaction_days)
        self.topics = tuple(sorted({r.topic for r in reactions}))
        self._by_cause: dict[tuple[str, str], list[Reaction]] = defaultdict(list)
        for reaction in reactions:
            self._by_cause[reaction.topic, reaction.type].append(reaction)

    async def apply(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """Asks every reaction that hears a fact, and executes what they call for."""
        now = self._clock.now()
        oldest = now - self._heard
        called = [
            (reaction, arrival.event) for arrival in arrivals
            for reaction in self._by_cause.get((arrival.record.topic, arrival.event.type), ())
            if reaction.always or arrival.event.time >= oldest
        ]  # fmt: skip
        classed = {event.subject for reaction, event in called if reaction.classed}
        known = await self._classes.within(tx).of(classed) if self._classes and classed else {}
        units: list[Unit] = []
        for reaction, event in called:
            units += reaction.react(event, now, known.get(event.subject) if reaction.classed else None)
        if not units:
            return
        for outcome in await self._store.execute_in(tx, units):
            told = outcome.refusal or (outcome.verdicts[-1] if outcome.verdicts else None)
            metrics.reacted.labels(self._service, told.status if told else "nothing").inc()

    def committed(self) -> None:
        """Lets the relay know."""
        self._wake()
