"""Subjects as they stood when a group was last decided, so that who comes often need not be read and opened again.

What is remembered may be out of date: whoever builds on it has the database compare the sequence before anything is
written. It is remembered while the group is still being written, so that the next one can be decided meanwhile;
where that fails it is forgotten, and what was built on it fails by the same comparison.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from libs.events.store.working import Subject

MOST, FOR = 4000, 60.0


class Memory:
    """Two generations of subjects: who was not asked for while one of them filled up, or for `FOR` seconds, is gone
    after the next. So it holds at most twice `most`, and what was erased elsewhere for two minutes at most."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._young: dict[str, Subject] = {}
        self._old: dict[str, Subject] = {}
        self._turning: asyncio.TimerHandle | None = None

    def of(self, subjects: Sequence[str]) -> dict[str, Subject]:
        """Those of the subjects that are remembered."""
        found = {}
        for name in subjects:
            if subject := self._young.get(name) or self._old.get(name):
                found[name] = subject
        return found

    def keep(self, subjects: Iterable[Subject]) -> None:
        """Remembers subjects as they will stand; nobody who was erased, and nobody of whom nothing is known."""
        for subject in subjects:
            if subject.erased_before is None and subject.sequence:
                self._young[subject.subject] = subject.written()
            else:
                self.forget([subject.subject])
        if len(self._young) >= self._most:
            self._turn()
        if self._turning is None and self._young:
            self._turning = asyncio.get_running_loop().call_later(FOR, self._time)

    def forget(self, subjects: Iterable[str]) -> None:
        """Forgets subjects."""
        for name in subjects:
            self._young.pop(name, None)
            self._old.pop(name, None)

    def _turn(self) -> None:
        self._old, self._young = self._young, {}

    def _time(self) -> None:
        self._turn()
        self._turning = asyncio.get_running_loop().call_later(FOR, self._time) if self._old else None
