"""What was found out about persons lately, so that it need not be found out again while it is true.

It is never believed by itself: whoever reads from it asks the database for the person's stamp first. So a fact, a
merge, an erasure, a rebuild or a restored store is seen at once, whichever process brought it, and the worst that can
happen to this memory is that it is of no use.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from libs.events.store.database import Database
from services.scoring.domain.score import Summary
from services.scoring.domain.settings import ScoringSettings
from services.scoring.projections import people
from services.scoring.projections.people import Person

MOST = 16 * 2**20
"""Bytes, about: some eight thousand persons."""
SECONDS = 300.0
"""Who was not asked about for so long, or twice so long at most, is forgotten: so the erased are, too."""
_EACH = 1500


@dataclass(frozen=True, slots=True)
class Known:
    """A person's summary, good from the moment `since`, when the last of their facts happened; `size` in bytes."""

    person: Person
    since: datetime
    summary: Summary
    size: int

    def score(self, as_of: datetime, settings: ScoringSettings) -> dict[str, Any]:
        """The score of the person, with the ids that were merged into theirs."""
        return self.summary.score(self.person.id, as_of, settings) | {"merged_from": list(self.person.others)}


class Memory:
    """Summaries by the id that was asked, young and old ones: who is asked about is young again; where the young are
    many, or have been for long, the old are forgotten and the young are old."""

    def __init__(self, database: Database, most: int = MOST, seconds: float = SECONDS) -> None:
        self._database, self._most, self._seconds = database, most // 2, seconds
        self._young: dict[str, Known] = {}
        self._old: dict[str, Known] = {}
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    async def find(self, subject: str) -> Known | None:
        """What is known of the person behind a subject, where it is still true."""
        known = self._young.get(subject) or self._old.get(subject)
        if known is None:
            return None
        if await people.stamp(self._database, subject, known.person.alone) != known.person.stamp:
            self.forget(subject)
            return None
        if subject not in self._young:
            self._put(subject, known)
        return known

    def keep(self, subject: str, person: Person, summary: Summary) -> None:
        """Remembers the summary of all facts of a person, who was found behind a subject."""
        # as it goes over the line: that takes a third of the room, and need not be made again. Copied, because what
        # orjson gives keeps all the room that it was written in
        said = bytes(memoryview(orjson.dumps(summary.satisfaction)))
        brief = replace(summary, satisfaction=orjson.Fragment(said))
        since = max(fact.time for fact in person.facts)
        size = _EACH + len(said) + sum(map(len, person.others))
        self._put(subject, Known(replace(person, facts=()), since, brief, size))

    def forget(self, subject: str) -> None:
        """Forgets whom a subject stands for."""
        if gone := self._young.pop(subject, None):
            self._size -= gone.size
        self._old.pop(subject, None)

    def _put(self, subject: str, known: Known) -> None:
        self.forget(subject)
        if self._size + known.size > self._most:
            self._turn()
        self._young[subject] = known
        self._size += known.size
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._later)

    def _turn(self) -> None:
        self._old, self._young, self._size = self._young, {}, 0

    def _later(self) -> None:
        self._turn()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._later) if len(self) else None
