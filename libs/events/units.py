"""What goes into the store and what comes out: units of requests, and their verdicts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self

from libs.events.decider import Absent, Command, Invalid, NotYet, Refused
from libs.events.envelope import Event


class BadPosition(ValueError):
    """Not one of our position tokens."""


class Position(NamedTuple):
    """Where a fact stands: the owning service, its subject, its number there."""

    service: str
    subject: str
    sequence: int

    def token(self) -> str:
        """Opaque, URL-safe text for `Event-Position` and `after=`."""
        return base64.urlsafe_b64encode(f"{self.service} {self.sequence} {self.subject}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Self:
        """Reads a token. Raises `BadPosition`."""
        try:
            plain = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
            service, sequence, subject = plain.split(" ", 2)
            if not (
                service.isalpha() and sequence.isdecimal() and sequence.isascii() and subject and len(sequence) < 16
            ):
                raise BadPosition("malformed position")
            return cls(service, subject, int(sequence))
        except (ValueError, binascii.Error):
            raise BadPosition("malformed position") from None


class Request(NamedTuple):
    """One command to one subject.

    `name` makes it safe to repeat (unique in the store: caller, method, path and key; or source and id; or cause
    and reaction); `key` is the digest kept in the facts (the same on every deployment for the same raw key).
    `cause` names the event a reaction answers. `erases`: the subject's keys are shredded with the append. `imported`:
    the import that it is part of; facts that have such a member keep it. `holds`: it makes no facts, but holds a
    subject to what was seen of it, so that the position of the whole is never there.
    """

    subject: str
    command: Command
    name: str
    key: str
    cause: str = ""
    erases: bool = False
    imported: str = ""
    holds: bool = False


Status = Literal["appended", "already", "conflict", "erased", "parked", "invalid", "forbidden", "absent"]


class Verdict(NamedTuple):
    """What became of a request.

    `events` are the facts that the command made, now or (for *already*) the first time, with their personal fields
    sealed; a batch does not look the latter up. `position` is the last of them; `state` is the subject's plain state
    afterwards (None where refused); `refusal` says why not. `forgotten`: it was done once, for somebody who has been
    erased since.
    """

    status: Status
    position: Position | None = None
    events: tuple[Event, ...] = ()
    state: Any = None
    refusal: Refused | None = None
    forgotten: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the caller's wish holds now."""
        return self.status in ("appended", "already")


def refused(refusal: Refused) -> Verdict:
    """The verdict that tells a refusal."""
    if isinstance(refusal, Invalid):
        return Verdict("invalid", refusal=refusal)
    if isinstance(refusal, NotYet):
        return Verdict("parked", refusal=refusal)
    return Verdict("absent" if isinstance(refusal, Absent) else "conflict", refusal=refusal)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer to remember: `etag` may be empty."""

    status: int
    body: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Remembers the first answer to an idempotency key, in the transaction of the append.

    `fingerprint` tells the same body from another; `render` makes the answer from the verdicts (pure, fast);
    `position` is told with the answer where the unit itself has none.
    """

    key: str
    fingerprint: bytes
    render: Callable[[Sequence[Verdict]], Answer]
    position: Position | None = None


class Unit(NamedTuple):
    """Requests that hold together or not at all, in this order."""

    requests: tuple[Request, ...]
    receipt: Receipt | None = None


class Outcome(NamedTuple):
    """What became of a unit: a verdict for each request (up to the first refusal), and the answer to give where
    there was a receipt. `replayed`: the answer is an earlier one; `mismatch`: that key was used with another body.
    """

    verdicts: tuple[Verdict, ...] = ()
    answer: Answer | None = None
    replayed: bool = False
    mismatch: bool = False
    position: Position | None = None

    @property
    def refusal(self) -> Verdict | None:
        """The first verdict that says no, if any."""
        for verdict in self.verdicts:
            if not verdict.accepted:
                return verdict
        return None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A subject as it stands, read without a lock. `sequence` 0: nothing is known of it."""

    state: Any
    sequence: int
    recorded: datetime | None = None
    erased_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Facts read from a store, with where to go on."""

    events: tuple[Event, ...] = field(default=())
    last: tuple[str, int] | None = None
