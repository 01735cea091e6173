"""The same command twice at the same moment: one of the two has its effect, and the other hears that it had it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from libs.events.catalogue.customers import CustomerLost
from libs.events.decider import Happened, NewEvent, NotYet, Plain, Refused
from tests.faults.conftest import Engines
from tests.support.shop import AT, Buy, Shop, ShopState, one
from tests.support.stores import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Plain):
    """Possible once."""

    early: bool


class Leaving(Shop):
    """A customer leaves only once: who has left cannot leave, and hears that it is not possible (yet)."""

    def evolve(self, state: ShopState, event: Happened) -> ShopState:
        if isinstance(event.data, CustomerLost):
            return state.model_copy(update={"name": "left"})
        return super().evolve(state, event)

    def decide(self, command: object, state: ShopState) -> list[NewEvent]:
        if not isinstance(command, Leave):
            return super().decide(command, state)
        if state.name == "left":
            raise (NotYet if command.early else Refused)("not_possible", "already gone")
        return [NewEvent(CustomerLost(reason="moved"))]


@pytest.mark.parametrize("early", [True, False])
async def test_the_slower_one_is_not_refused_for_what_the_faster_one_did(engines: Engines, early: bool) -> None:
    async with open_store(engines.database_url, decider=Leaving()) as opened:
        await opened.store.execute(one("c", Buy(at=AT, order="o"), "before"))
        leave = one("c", Leave(at=AT, early=early), "the same key")
        async with opened.database.begin() as faster:
            await opened.store.execute_in(faster, [leave])
            slower = asyncio.create_task(opened.store.execute(leave))
            await asyncio.sleep(0.3)  # it waits for the lock by now
            assert not slower.done()
        (verdict,) = (await slower).verdicts
        assert verdict.status == "already"
        assert verdict.position
        assert verdict.position.sequence == 2
        # who asks under another key is still refused
        other = await opened.store.execute(one("c", Leave(at=AT, early=early), "another key"))
        assert [v.status for v in other.verdicts] == ["parked" if early else "conflict"]


@pytest.mark.parametrize("early", [True, False])
async def test_who_repeats_himself_is_not_refused_for_what_he_did(engines: Engines, early: bool) -> None:
    """Though whoever left is remembered, and nobody asked the database for the command's name."""
    async with open_store(engines.database_url, decider=Leaving()) as opened:
        await opened.store.execute(one("c", Buy(at=AT, order="o"), "before"))
        leave = one("c", Leave(at=AT, early=early), "the same key")
        first, again = [await opened.store.execute(leave) for _ in range(2)]
        assert [first.verdicts[0].status, again.verdicts[0].status] == ["appended", "already"]
        assert again.position == first.position


async def test_what_was_needed_came_while_the_lock_was_waited_for(engines: Engines) -> None:
    async with open_store(engines.database_url) as opened:
        await opened.store.execute(one("c", Buy(at=AT, order="first"), "k1"))
        async with opened.database.begin() as faster:
            await opened.store.execute_in(faster, [one("c", Buy(at=AT, order="o"), "k2")])
            refund = one("c", Buy(at=AT, order="back", refund_of="o"), "k3")
            slower = asyncio.create_task(opened.store.execute(refund))
            await asyncio.sleep(0.3)
        assert [v.status for v in (await slower).verdicts] == ["appended"]


@pytest.mark.parametrize("early", [True, False])
async def test_who_repeats_himself_at_once_is_not_refused_for_what_he_does(engines: Engines, early: bool) -> None:
    """Though it is remembered that he left before that is written, and its name cannot be seen until then."""
    async with open_store(engines.database_url, decider=Leaving()) as opened:
        await opened.store.execute(one("c", Buy(at=AT, order="o"), "before"))
        leave = one("c", Leave(at=AT, early=early), "the same key")
        async with opened.database.begin() as busy:
            await busy.conn.execute(text("UPDATE subjects SET sequence = sequence WHERE subject = 'c'"))
            both = []
            for _ in range(2):
                both.append(asyncio.create_task(opened.store.execute(leave)))
                await asyncio.sleep(0.2)  # it waits for the lock by now
        statuses = [(await each).verdicts[0].status for each in both]
        assert statuses == ["appended", "already"]
