"""What a service's domain looks like to the store: a pure decider, its commands, and the ways it may say no."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from libs.events.values import Data


class NewEvent(NamedTuple):
    """A fact to append: plain data, and the names by which it can be found later (`complaint:<id>`).

    `at` differs from the command's only where one command tells of several moments. `aside`: nobody told this, it came
    about because something else was told first; so it has no part in the numbering of what was told. `releases`: names
    that may be taken anew, since what took them is taken back.
    """

    data: Data
    names: tuple[str, ...] = ()
    at: datetime | None = None
    aside: bool = False
    releases: tuple[str, ...] = ()


class Happened(NamedTuple):
    """A fact as the domain folds it: plain data (a shredded personal field is None), when, its number, and the digest
    of the key that it was told under, which orders facts of one moment."""

    data: Data
    at: datetime
    sequence: int
    id: str = ""
    key: str = ""


class Command(Protocol):
    """Something a caller wants to happen to one subject. Immutable; time and ids were put in from outside."""

    @property
    def at(self) -> datetime:
        """When it happened."""
        ...

    def unique(self, subject: str) -> tuple[str, ...]:
        """Names that must be new: where one is taken, the answer is *already*, with the position it names."""
        ...

    def needs(self, subject: str) -> tuple[str, ...]:
        """Names that must be taken: where one is not, the command is *not yet* possible."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A base for commands without names."""

    at: datetime

    def unique(self, subject: str) -> tuple[str, ...]:
        return ()

    def needs(self, subject: str) -> tuple[str, ...]:
        return ()


State = TypeVar("State", bound=BaseModel)


class Decider(Protocol[State]):
    """A service's rules for one subject: three pure functions and the version of the state's shape.

    The store keeps a snapshot of the state; one of another `version` is folded again from the facts.
    """

    version: int
    state: type[State]

    def initial(self) -> State:
        """The state of a subject nothing is known of."""
        ...

    def evolve(self, state: State, event: Happened) -> State:
        """The state after one more fact."""
        ...

    def decide(self, command: Any, state: State) -> list[NewEvent]:
        """The facts that the command makes; none where it changes nothing (*already*).

        Raises `Refused` or one of its kinds.
        """
        ...


@dataclass(eq=False)
class Refused(Exception):
    """The command is against the rules as things stand (HTTP 409).

    `detail` and `extra` go to the caller and hold nothing personal.
    """

    code: str
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Absent(Refused):
    """What the command is about does not exist (HTTP 404)."""


@dataclass(eq=False)
class Invalid(Refused):
    """The body cannot mean anything (HTTP 422); `pointer` is a JSON pointer to the member at fault."""

    pointer: str = ""


@dataclass(eq=False)
class Moved(Refused):
    """What the command was prepared on has changed since: the desk prepares it anew before anybody hears."""


@dataclass(eq=False)
class NotYet(Refused):
    """What must come before has not come. An event that hears this is parked until `waits_for` is taken;
    an HTTP caller hears 409, or 404 where `absent` (the named thing is unknown)."""

    waits_for: str = ""
    absent: bool = False
