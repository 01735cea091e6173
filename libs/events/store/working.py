"""Subjects while a group of units is decided: as they stood before, and what will be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from libs.events.store.hashing import SIZE, Hashing
from libs.events.units import Answer, Position, Unit
from libs.events.vault import SubjectKey

ABSENT = -1
"""What `Subject.was` is where the database has no row."""


class Subject(NamedTuple):
    """One subject as it stands, never changed but replaced. `was` is the sequence that its row has; `kept` the state
    that the row holds: while it is still the state, nothing needs to be encoded again."""

    subject: str
    was: int
    sequence: int = 0
    recorded: datetime | None = None
    erased_before: datetime | None = None
    state: Any = None
    key: SubjectKey | None = None
    kept: Any = None
    new_key: bool = False
    shredded: bool = False

    def written(self) -> Subject:
        """The same once it was written."""
        return Subject(
            self.subject, self.sequence, self.sequence, self.recorded, self.erased_before, self.state, self.key,
            self.state,
        )  # fmt: skip


class Named(NamedTuple):
    """The digests of a request's names: its own, those that must be new, those that must be taken (and in plain)."""

    own: bytes
    unique: list[bytes]
    needs: list[tuple[bytes, str]]


class Wanted:
    """What some units will need: their subjects in order, and the digests of all their names and receipts' keys."""

    def __init__(self, units: Sequence[Unit], hashing: Hashing) -> None:
        of = hashing.of
        subjects, self.named, self.needy = set(), dict[int, Named](), False
        for unit in units:
            for request in unit.requests:
                command, subject = request.command, request.subject
                needs = [(of(n), n) for n in command.needs(subject)]
                self.named[id(request)] = Named(of(request.name), [of(n) for n in command.unique(subject)], needs)
                self.needy = self.needy or bool(needs)
                subjects.add(subject)
        self.subjects = sorted(subjects)
        self.receipts = [of(unit.receipt.key) for unit in units if unit.receipt]

    def names(self) -> set[bytes]:
        """All digests of names."""
        return {name for named in self.named.values() for name in self.of(named)}

    def of(self, named: Named) -> Iterator[bytes]:
        """The digests of one request's names."""
        yield named.own
        yield from named.unique
        yield from (name for name, _ in named.needs)


Receipts = dict[bytes, tuple[bytes, Answer, Position]]


@dataclass(slots=True)
class Work:
    """All that one transaction reads and writes. Names and receipts grow as units are decided, so that
    a later unit of the same group sees what an earlier one did.

    Facts are rows of `events` with the shard and the attributes of their outbox row; a row of names may hold several
    digests for one position, one after another.
    """

    subjects: dict[str, Subject]
    names: dict[bytes, Position]
    receipts: Receipts
    named: dict[int, Named]
    facts: list[tuple[Any, ...]] = field(default_factory=list)
    name_rows: list[tuple[bytes, str, int]] = field(default_factory=list)
    receipt_rows: list[tuple[Any, ...]] = field(default_factory=list)
    released: list[tuple[bytes, Position | None]] = field(default_factory=list)

    def release(self, name: bytes) -> None:
        """Lets a name be taken again."""
        self.released.append((name, self.names.pop(name, None)))

    def mark(self, unit: Unit) -> Savepoint:
        """Where to go back to if a unit is refused in the middle."""
        return Savepoint(
            [self.subjects[request.subject] for request in unit.requests],
            len(self.facts), len(self.name_rows), len(self.released),
        )  # fmt: skip

    def back_to(self, mark: Savepoint) -> None:
        """Forgets what was decided since the mark."""
        for subject in mark.subjects:
            self.subjects[subject.subject] = subject
        for name, *_ in split(self.name_rows[mark.names :]):
            self.names.pop(name, None)
        for name, position in self.released[mark.released :]:
            if position:
                self.names[name] = position
        del self.released[mark.released :]
        del self.facts[mark.facts :], self.name_rows[mark.names :]


class Savepoint(NamedTuple):
    """A few subjects as they were, and how long the lists were."""

    subjects: list[Subject]
    facts: int
    names: int
    released: int


def split(rows: Sequence[tuple[bytes, str, int]]) -> list[tuple[bytes, str, int]]:
    """Rows of names with one digest each."""
    return [
        (digests[start : start + SIZE], subject, sequence)
        for digests, subject, sequence in rows
        for start in range(0, len(digests), SIZE)
    ]


