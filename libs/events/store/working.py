"""Subjects while a group of units is decided: what was read under lock, and what will be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from libs.events.units import Answer, Position
from libs.events.vault import SubjectKey


@dataclass(slots=True)
class Subject:
    """One locked subject. `loaded` is the state that `snapshot` holds: while it is still the state, nothing needs to be
    encoded again."""

    subject: str
    sequence: int
    recorded: datetime | None
    erased_before: datetime | None
    state: Any
    key: SubjectKey | None
    new_key: bool = False
    shredded: bool = False
    changed: bool = False
    loaded: Any = None
    snapshot: bytes | None = None

    def copy(self) -> Subject:
        """The same as it stands now."""
        return Subject(
            self.subject, self.sequence, self.recorded, self.erased_before, self.state, self.key,
            self.new_key, self.shredded, self.changed, self.loaded, self.snapshot,
        )  # fmt: skip


class Named(NamedTuple):
    """The digests of a request's names: its own, those that must be new, those that must be taken (and in plain)."""

    own: bytes
    unique: list[bytes]
    needs: list[tuple[bytes, str]]


@dataclass(slots=True)
class Work:
    """All that one transaction reads and writes. Names and receipts grow as units are decided, so that
    a later unit of the same group sees what an earlier one did."""

    subjects: dict[str, Subject]
    names: dict[bytes, Position]
    receipts: dict[bytes, tuple[bytes, Answer, Position]]
    named: dict[int, Named]
    event_rows: list[tuple[Any, ...]] = field(default_factory=list)
    outbox_rows: list[tuple[Any, ...]] = field(default_factory=list)
    name_rows: list[tuple[Any, ...]] = field(default_factory=list)
    receipt_rows: list[tuple[Any, ...]] = field(default_factory=list)
    released: list[tuple[bytes, Position | None]] = field(default_factory=list)

    def release(self, name: bytes) -> None:
        """Lets a name be taken again."""
        self.released.append((name, self.names.pop(name, None)))

    def mark(self, subjects: set[str]) -> Savepoint:
        """Where to go back to if a unit is refused in the middle."""
        return Savepoint(
            {s: self.subjects[s].copy() for s in subjects},
            len(self.event_rows), len(self.outbox_rows), len(self.name_rows), len(self.released),
        )  # fmt: skip

    def back_to(self, mark: Savepoint) -> None:
        """Forgets what was decided since the mark."""
        self.subjects.update(mark.subjects)
        for name, *_ in self.name_rows[mark.names :]:
            self.names.pop(name, None)
        for name, position in self.released[mark.released :]:
            if position:
                self.names[name] = position
        del self.released[mark.released :]
        del self.event_rows[mark.events :], self.outbox_rows[mark.outbox :], self.name_rows[mark.names :]


class Savepoint(NamedTuple):
    """A copy of a few subjects, and how long the lists were."""

    subjects: dict[str, Subject]
    events: int
    outbox: int
    names: int
    released: int
