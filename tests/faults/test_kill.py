"""Kill -9 between every two steps of relay, inbox, projector and reactions: afterwards everything is as if nothing had
happened. Each loop dies twice at the same step, then others take over."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.nursery import Nursery
from tests.faults.workload import shuffled, workload
from tests.faults.world import Place, world

FACTS = ("profile", "care", "complaints", "scoring")
RELAY = ("claimed", "half published", "published", "not committed", "committed")
PROJECTOR = ("fetched", "begun", "applied", "not committed", "committed", "advised")
INBOX = [
    ("fetched", 2),
    ("not committed", 1),  # the commands
    ("committed", 1),  # the commands, and not yet what is noted of them
    ("not committed", 2),  # what is noted: offsets, and what was parked
    ("committed", 2),
    ("advised", 2),
]


@pytest.mark.parametrize("step", RELAY)
async def test_relay(place: Place, nursery: Nursery, undisturbed: Undisturbed, step: str) -> None:
    names, consumers = ("profile", "scoring"), ("scoring views",)
    async with world(place, names, consumers) as survivors:
        await survivors.tell(workload())
        await nursery.dies(place, "profile", "relay", step, 2)
        await nursery.dies(place, "profile", "relay", step)
        await survivors.settle()
        assert await survivors.outcome() == undisturbed(names, consumers)


@pytest.mark.parametrize("step", PROJECTOR)
@pytest.mark.parametrize(("service", "loop"), [("scoring", "views"), ("care", "reactions")])
async def test_projector(
    place: Place, nursery: Nursery, undisturbed: Undisturbed, service: str, loop: str, step: str
) -> None:
    consumers = tuple({"scoring views", f"{service} {loop}"})
    async with world(place, FACTS, consumers) as survivors:
        await survivors.tell(workload())
        for name in ("profile", "care", "complaints"):
            while await survivors[name].relay.once():
                pass
        await nursery.dies(place, service, loop, step, 2)
        await nursery.dies(place, service, loop, step)
        await survivors.settle()
        assert await survivors.outcome() == undisturbed(FACTS, consumers)


@pytest.mark.parametrize(("step", "nth"), INBOX)
async def test_inbox(place: Place, nursery: Nursery, undisturbed: Undisturbed, step: str, nth: int) -> None:
    names, consumers = ("profile", "complaints", "scoring"), ("scoring views",)
    async with world(place, names, (*consumers, "profile inbox", "complaints inbox")) as survivors:
        await survivors.publish(shuffled(workload()))
        await nursery.dies(place, "complaints", "inbox", step, nth)
        await nursery.dies(place, "profile", "inbox", step, nth)
        await nursery.dies(place, "profile", "inbox", step, nth)
        await survivors.settle()
        assert await survivors.outcome() == undisturbed(names, consumers)
