"""What consumers do with facts: views fold them into tables, reactions answer them with commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import MetaData

from libs.events.catalogue.customers import ValueClass
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.units import Unit


class View(Protocol):
    """A read model: its tables, and how facts change them. Made of nothing but facts, so it can be built again.

    Where a version of the program folds otherwise into the same tables than the one before, the view says so by a
    higher number `fold`; then it is built again as if its tables had changed.
    """

    topics: tuple[str, ...]
    tables: MetaData

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Folds facts that this view has not seen, each subject's in order, with the data of their current version.

        Raises an exception for a fact that cannot be folded: the projector finds and quarantines it.
        """
        ...


React = Callable[[Event, datetime, ValueClass | None], Sequence[Unit]]
"""What a fact calls for, given the present moment and the value class that its customer is known to be in (None where
that is not known or not asked for): units for the service's own store, keyed by the fact."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One policy: on facts of `type` (without prefix) from `topic`, do what `react` says.

    `name` keys its effects together with the cause, so that they happen once. A cause older than the deployment's
    `reaction_days` triggers nothing, unless it must `always` be heard (an erasure). `classed`: it asks for the class.
    """

    name: str
    topic: str
    type: str
    react: React
    always: bool = False
    classed: bool = False
