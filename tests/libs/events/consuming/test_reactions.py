"""Reactions: a fact is answered once, in the transaction that moves the offset; a refusal holds nothing up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from libs.events.catalogue.customers import ValueClass
from libs.events.clock import FixedClock
from libs.events.consuming import Projector, Reactions, metadata
from libs.events.consuming.tables import offsets, quarantine
from libs.events.envelope import Event
from libs.events.settings import Settings
from libs.events.units import Request, Unit
from libs.events.vault import SubjectKey
from libs.events.views import React, Reaction
from tests.support.facts import TOPIC, FakeLog, fact
from tests.support.shop import AT, Buy, Fail
from tests.support.stores import Opened, open_store


def thank(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
    """For every purchase, a gift."""
    gift = Buy(at=event.time, order=f"gift-{event.data['order']}")
    return [Unit((Request(event.subject, gift, f"thank {event.id}", event.id, cause=event.id),))]


def fail(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
    return [Unit((Request(event.subject, Fail(at=event.time), f"fail {event.id}", event.id, cause=event.id),))]


@dataclass
class Desk:
    opened: Opened
    log: FakeLog
    clock: FixedClock
    woken: list[int]

    def projector(self, *reactions: Reaction) -> Projector:
        handler = Reactions("profile", reactions, self.opened.store, self.clock, 7, wake=lambda: self.woken.append(1))
        return Projector(
            "profile", "reactions", self.log, self.opened.database, handler, SubjectKey.new(), self.clock, Settings()
        )

    async def gifts(self, subject: str) -> list[str]:
        return [e.data["order"] for e in await self.opened.store.history(subject)]

    async def rows(self, table: Any) -> list[Any]:
        async with self.opened.database.read() as reader:
            return list((await reader.conn.execute(table.select())).all())


def heard(react: React = thank, **more: Any) -> Reaction:
    return Reaction("thank", TOPIC, "customer.purchased", react, **more)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    clock = FixedClock(AT + timedelta(days=1))
    async with open_store(database_url, clock=clock) as opened:
        await opened.database.create(metadata)
        yield Desk(opened, FakeLog(), clock, [])


async def drain(projector: Projector) -> None:
    for _ in range(3):
        await projector.step(0)


async def test_a_fact_is_answered_once_however_often_it_is_read(desk: Desk) -> None:
    desk.log.put(fact("c1", 1), fact("c1", 2), fact("c1", 2))
    await drain(desk.projector(heard()))
    assert await desk.gifts("c1") == ["gift-o1", "gift-o2"]
    assert desk.woken
    async with desk.opened.database.begin() as tx:  # as after a restore that lost what was read, but not what was done
        for table in metadata.sorted_tables:
            await tx.conn.execute(table.delete())
    await drain(desk.projector(heard()))
    assert await desk.gifts("c1") == ["gift-o1", "gift-o2"]
    history = await desk.opened.store.history("c1")
    assert [e.cause for e in history] == ["c1-1-0", "c1-2-0"]


async def test_old_causes_are_left_alone_unless_they_must_be_heard(desk: Desk) -> None:
    desk.clock.advance(timedelta(days=7))
    desk.log.put(fact("c1", 1), fact("c1", 2, at=AT + timedelta(days=2)))
    await drain(desk.projector(heard()))
    assert await desk.gifts("c1") == ["gift-o2"]
    desk.log.put(fact("c2", 1))
    await drain(desk.projector(heard(always=True)))
    assert await desk.gifts("c2") == ["gift-o1"]


@pytest.mark.parametrize("react", [fail, lambda e, now, known: [*fail(e, now, known), *thank(e, now, known)]])
async def test_a_refusal_holds_nothing_up(desk: Desk, react: React) -> None:
    desk.log.put(fact("c1", 1), fact("c1", 2))
    await drain(desk.projector(heard(react)))
    assert await desk.gifts("c1") == ([] if react is fail else ["gift-o1", "gift-o2"])
    assert await desk.rows(quarantine) == []
    assert [r.next_offset for r in await desk.rows(offsets)] == [2]


async def test_a_reaction_that_fails_stops_its_subject_only(desk: Desk) -> None:
    def broken(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
        if event.id == "c1-1-0":
            raise ZeroDivisionError
        return thank(event, now, value_class)

    desk.log.put(fact("c1", 1), fact("c2", 1), fact("c1", 2))
    await drain(desk.projector(heard(broken)))
    assert await desk.gifts("c1") == []
    assert await desk.gifts("c2") == ["gift-o1"]
    (row,) = await desk.rows(quarantine)
    assert (row.error, row.consumer, row.event_id) == ("ZeroDivisionError", "reactions", "c1-1-0")
