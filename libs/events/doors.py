"""The inner side of both doors: how a body, whichever way it came, becomes a unit of work.

A service lists one `Door` for each thing that can be asked of it. HTTP routes and the inbox both go through it, so
that posting a purchase and publishing one cannot come to differ.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from libs.events.catalogue.customers import ValueClass
from libs.events.clock import new_id
from libs.events.decider import Command
from libs.events.envelope import Event
from libs.events.identities import Identities, uuid_v8
from libs.events.units import Loaded, Position, Request, Unit

B = TypeVar("B", bound=BaseModel)
EVENT = "event"
"""The scope of callers who publish events."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks and under which key.

    `scope` makes the key unique (`http <caller> <method> <path>` or `event`); `raw` is the caller's own key
    (`Idempotency-Key`, or source and id of an event); empty: nothing was given, so nothing can be recognised again.
    `imported`: the import that the call is part of, if any.
    """

    scope: str
    raw: str = ""
    cause: str = ""
    imported: str = ""

    def name(self) -> str:
        """The unique name of the command; random where no key was given."""
        return f"{self.scope} {self.raw}" if self.raw else f"once {new_id()}"

    def who(self) -> str:
        """Who it is: the name of an API key, or the source of an event."""
        if self.scope.startswith("http "):
            return self.scope.removeprefix("http ").rsplit(" ", 2)[0]
        return self.raw.split(" ")[0][:200] if self.published else ""

    @property
    def published(self) -> bool:
        """Whether it came as an event."""
        return self.scope == EVENT

    def digest(self) -> str:
        """What the facts keep of the key, the same on every deployment."""
        return hashlib.sha256((self.raw or new_id()).encode()).hexdigest()[:32]


@dataclass(slots=True)
class Call(Generic[B]):
    """One call of a door, never changed: the validated body and all that it may need to become a unit.

    `subject` is the addressed customer's id, already resolved from how they were `named`, or "". `found` answers the
    door's `lookups`, `states` its `loads` and `follows`, `recalled` its `recalls`, `classes` its `classed`.
    `now` is the moment of receipt; `at` when it happened; `by` who asks; `keyed`: under a key of their own;
    `published`: by an event.
    """

    body: B
    subject: str
    at: datetime
    now: datetime
    name: str
    key: str
    identities: Identities
    cause: str = ""
    keyed: bool = False
    published: bool = False
    by: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, Position] = field(default_factory=dict)
    states: Mapping[str, Loaded] = field(default_factory=dict)
    recalled: Mapping[str, Event] = field(default_factory=dict)
    classes: Mapping[str, ValueClass] = field(default_factory=dict)
    named: str = ""
    imported: str = ""

    def made_id(self, label: str) -> str:
        """An id for something this call makes: the same again for a repeated key, else random."""
        if not self.keyed:
            return new_id()
        digest = hmac.digest(self.identities.secret, f"id {label} {self.name}".encode(), "sha256")
        return uuid_v8(digest)

    def request(
        self, subject: str, command: Command, *, part: str = "", erases: bool = False, holds: bool = False
    ) -> Request:
        """A request of this call; `part` tells several apart."""
        name = f"{self.name} {part}" if part else self.name
        key = hashlib.sha256(f"{self.key} {part}".encode()).hexdigest()[:32] if part else self.key
        return Request(subject, command, name, key, self.cause, erases, self.imported, holds)

    def unit(self, command: Command) -> Unit:
        """The usual unit: one command to the addressed subject."""
        return Unit((self.request(self.subject, command),))


def _nothing(_: object) -> tuple[str, ...]:
    return ()


def _stays(_: object) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Door(Generic[B]):
    """One thing that can be asked of a service.

    `event` is the inbound event type without prefix (`customer.purchased`) that asks it, "" where only HTTP may;
    `body` the model of HTTP body and event data alike. Before `unit` is called, the names that `lookups(body)` gives
    are looked up and the subjects that `loads(body)` gives are loaded, for a whole batch at once. `customer` gives
    the customer that the body itself names (id or reference), if any. `unit` may raise `Refused` or one of its kinds.
    """

    event: str
    body: type[B]
    unit: Callable[[Call[B]], Unit]
    customer: Callable[[B], str | None] = lambda body: getattr(body, "customer", None)
    lookups: Callable[[B], tuple[str, ...]] = _nothing
    loads: Callable[[B], tuple[str, ...]] = _nothing
    follows: Callable[[Call[B]], tuple[str, ...]] = _nothing
    """More subjects to load, where that takes a call to know; and whatever `onward` leads to from them."""
    recalls: Callable[[Call[B]], tuple[str, ...]] = _nothing
    """Names whose facts the call needs to see; those that are not taken are left out."""
    classed: Callable[[Call[B]], tuple[str, ...]] = _nothing
    """Customers whose value class the call needs to know; those who are in none are left out."""
    onward: Callable[[Any], str | None] = _stays
    """The subject that a loaded state refers to, if any."""
    anonymous: bool = False
    """Whether the door takes calls that name no customer."""
    makes: str = ""
    """The member of its facts that is the id of what a call makes or is about; "": that is the customer."""
