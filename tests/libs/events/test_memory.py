"""What a store remembers of subjects: as they were written, in bounds, and not for long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from libs.events.store import memory
from libs.events.store.memory import Memory
from libs.events.store.working import Subject


def stands(name: str, sequence: int = 1, erased: datetime | None = None) -> Subject:
    return Subject(name, sequence - 1, sequence, erased_before=erased, state=f"state {sequence}")


async def test_a_subject_is_remembered_as_it_will_stand() -> None:
    kept = Memory()
    kept.keep([stands("a", 3)])
    found = kept.of(["a", "b"])
    assert found.keys() == {"a"}
    assert (found["a"].was, found["a"].sequence, found["a"].kept) == (3, 3, "state 3")


async def test_nobody_who_was_erased_is_remembered() -> None:
    kept = Memory()
    kept.keep([stands("a")])
    kept.keep([stands("a", 2, datetime(2026, 3, 1, tzinfo=UTC)), stands("unknown", 0)])
    assert kept.of(["a", "unknown"]) == {}


async def test_who_does_not_come_again_makes_room() -> None:
    kept = Memory(most=10)
    for n in range(100):
        kept.keep([stands(f"c{n}"), stands("often", n + 1)])
    found = kept.of(["often", *(f"c{n}" for n in range(100))])
    assert found["often"].sequence == 100
    assert len(found) <= 20


async def test_what_is_forgotten_is_gone() -> None:
    kept = Memory(most=1)
    kept.keep([stands("a")])
    kept.forget(["a"])
    assert kept.of(["a"]) == {}


async def test_nothing_is_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "FOR", 0.02)
    kept = Memory()
    kept.keep([stands("a")])
    await asyncio.sleep(0.2)
    assert kept.of(["a"]) == {}
    kept.keep([stands("b")])
    assert kept.of(["b"])
    await asyncio.sleep(0.2)
    assert kept.of(["b"]) == {}
