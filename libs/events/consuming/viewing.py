"""The consumer `views`: folds facts into a service's read models."""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.consuming.decoding import Arrival
from libs.events.store.database import Transaction
from libs.events.views import View


class Views:
    """All read models of a service as one consumer, so that they never disagree about how far they are."""

    def __init__(self, views: Sequence[View]) -> None:
        self._views = tuple(views)
        self.topics = tuple(sorted({topic for view in views for topic in view.topics}))

    async def apply(self, tx: Transaction, arrivals: Sequence[Arrival]) -> None:
        """Hands each view the facts of its topics."""
        for view in self._views:
            events = [a.event for a in arrivals if a.record.topic in view.topics]
            if events:
                await view.apply(tx, events)

    def committed(self) -> None:
        """Nothing to do: readers ask `Progress`."""
