"""What a service is made of, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from libs.events.clock import Clock
from libs.events.decider import Decider
from libs.events.desk import Desk
from libs.events.doors import Door
from libs.events.identities import Identities
from libs.events.people import Classes, People
from libs.events.settings import Settings
from libs.events.store import Store
from libs.events.store.database import Database
from libs.events.units import Position
from libs.events.views import Reaction, View


class Progress(Protocol):
    """How far this service's views have come."""

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        """Waits until the views have applied `position`; False where they have not in time."""
        ...

    async def level(self, within: timedelta) -> int:
        """Waits until the views have applied all facts that this service has recorded by now. Answers how many subjects
        they are still behind with when the time is up: 0 where there is none."""
        ...


@dataclass(slots=True)
class Platform:
    """All that a service's code may use of the world around it."""

    service: str
    settings: Settings
    database: Database
    store: Store
    desk: Desk
    identities: Identities
    clock: Clock
    progress: Progress


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something a worker does again and again: at once while `run` answers more than 0, else after `every` seconds.

    Any number of processes may do it at the same time.
    """

    name: str
    every: float
    run: Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Definition:
    """One service: its rules, doors, read models, policies and HTTP routes.

    `doors` are those that events may use, too. `routers` gives FastAPI routers (no FastAPI type is named here, the
    worker does not need it). `at_start` gives calls that make what the service always has; they are repeated safely.
    `people` is that one of its views by which calls and reactions are told the classes of customers.
    """

    name: str
    decider: Decider[Any]
    doors: tuple[Door[Any], ...]
    views: Callable[[Platform], Sequence[View]]
    reactions: Callable[[Platform], Sequence[Reaction]]
    routers: Callable[[Platform], Sequence[Any]]
    at_start: Callable[[Platform], Sequence[Any]] = lambda platform: ()
    periodics: Callable[[Platform], Sequence[Periodic]] = lambda platform: ()
    people: People | None = None

    def classes(self, database: Database) -> Classes | None:
        """What is known of customers' classes in the service's database."""
        return Classes(self.people, database) if self.people else None
