"""What scoring remembers of somebody is never told when it is no longer true, whoever changed it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.event import listen

from libs.events.envelope import Event
from services.scoring.app import SERVICE
from services.scoring.domain.person import admitted
from services.scoring.domain.score import score, summary
from services.scoring.projections import people
from services.scoring.projections.memory import Memory
from services.scoring.projections.tables import metadata
from tests.conftest import POSTGRES_URL, ask
from tests.engines.postgres import database
from tests.order.histories import PEOPLE, TOGETHER, tellers
from tests.order.telling import START, Teller
from tests.services.house import House, open_house
from tests.services.scoring.domain.given import ME, bought, day, event

LATE = START + timedelta(days=900)
EXAMPLES = {"sqlite": 30, "postgresql": 10}
Answer = tuple[int, dict[str, Any] | None]


@dataclass
class Replicas:
    """Two processes' apps on one database, each with a memory of its own, and a loop to ask them in."""

    engine: str
    loop: asyncio.Runner
    houses: Sequence[House]

    def changed(self, *events: Event) -> None:
        self.loop.run(self.houses[0].fold(events))

    def emptied(self) -> None:
        """As a rebuild does it."""
        self.loop.run(self._empty())

    def told(self, house: House, who: str, as_of: datetime | None) -> Answer:
        """What an app answers."""
        params = {"as_of": as_of.isoformat()} if as_of else {}
        response = self.loop.run(house.http.get(f"/v1/scores/customers/{who}", params=params))
        return response.status_code, response.json() if response.status_code == 200 else None

    def true(self, who: str, as_of: datetime) -> Answer:
        """What the facts say that are in the database now."""
        return self.loop.run(self._true(who, as_of))

    async def _true(self, who: str, as_of: datetime) -> Answer:
        person = await people.find(self.houses[0].platform.database, who)
        if person.erased or not person.facts:
            return (410 if person.erased else 404), None
        made = score(person.id, person.facts, as_of) | {"merged_from": list(person.others)}
        return 200, orjson.loads(orjson.dumps(made))

    async def _empty(self) -> None:
        async with self.houses[0].platform.database.begin() as tx:
            for table in metadata.sorted_tables:
                await tx.conn.execute(delete(table))


@pytest.fixture(params=["sqlite", "postgresql"])
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replicas]:
    with contextlib.ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            url = stack.enter_context(database(os.environ.get(POSTGRES_URL) or ask("postgres 18")))
        loop = stack.enter_context(asyncio.Runner())
        houses = contextlib.AsyncExitStack()
        stack.callback(lambda: loop.run(houses.aclose()))
        opened = [loop.run(houses.enter_async_context(open_house(SERVICE, made(tmp_path, n), url or shared(tmp_path))))
                  for n in range(2)]  # fmt: skip
        for house in opened:
            house.clock.moment = LATE
            if not url:  # nothing here survives the test, so nothing needs to reach the disk
                sync: Any = house.platform.database.engine.sync_engine  # type: ignore[attr-defined]
                listen(sync, "connect", lambda line, _: line.execute("PRAGMA synchronous=OFF"))
        yield Replicas(request.param, loop, opened)


def made(folder: Path, number: int) -> Path:
    """A folder for the keys of one process."""
    (folder / str(number)).mkdir()
    return folder / str(number)


def shared(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/scoring.db"


def test_whatever_happens_both_tell_what_is_true_now(replicas: Replicas) -> None:
    histories = count()

    @settings(
        max_examples=EXAMPLES[replicas.engine], deadline=None, derandomize=True, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )  # fmt: skip
    @given(tellers(TOGETHER), st.randoms(use_true_random=False))
    def of_every_history(teller: Teller, dice: random.Random) -> None:
        replicas.emptied()
        # the apps live on from history to history, and no two facts ever have one id
        left = [replace(e, id=f"{next(histories)} {e.id}") for e in teller.events]
        happened, rebuilds, restores = list[Event](), 1, 2
        while left:
            match dice.randrange(8):
                case 0 if happened and rebuilds:
                    # read models are built again; readers come before they are done
                    replicas.emptied()
                    left, happened, rebuilds = [*happened, *left], [], rebuilds - 1
                case 1 if happened and restores:
                    # a store was restored, has lost some facts and tells others under their numbers
                    lost = dice.choice(happened)
                    new = told_anew(lost, next(histories))
                    gone = [e for e in happened + left if beyond(e, lost)]
                    happened = [e for e in happened if e not in gone] + [new]
                    left = [e for e in left if e not in gone]
                    replicas.changed(new)
                    restores -= 1
                case _:
                    some = left[: dice.randint(1, 4)]
                    happened, left = happened + some, left[len(some) :]
                    replicas.changed(*some)
            for who in dice.sample(PEOPLE, 2):
                as_of = dice.choice([None, None, None, dice.choice(teller.events).time])
                want = replicas.true(who, as_of or LATE)
                for house in dice.sample(replicas.houses, 2):
                    assert replicas.told(house, who, as_of) == want

    of_every_history()


def beyond(one: Event, lost: Event) -> bool:
    """Whether a fact is one that the store of `lost` has lost with it."""
    same = (one.service, one.subject) == (lost.service, lost.subject)
    return same and one.sequence >= lost.sequence and one.epoch <= lost.epoch


def told_anew(lost: Event, number: int) -> Event:
    """Another fact of the same subject under the number that was lost."""
    fact = bought(lost.time, f"anew-{number}", "5.00", subject=lost.subject)
    other = event("profile", fact.type, lost.time, fact.data, subject=lost.subject, sequence=lost.sequence)
    return replace(other, id=f"{number} anew", service=lost.service, recorded=lost.recorded, epoch=lost.epoch + 1)


STORY = [
    event("profile", "customer.recorded", day(1), {"kind": "external"}),
    event("profile", "customer.purchased", day(2), {"order": "a", "amount": {"amount": "1", "currency": "USD"}},
          sequence=2),
]  # fmt: skip
MERGED = event("profile", "customer.merged", day(3), {"merge": "m", "survivor": PEOPLE[0]}, sequence=3)


async def keep(memory: Memory, house: House, subject: str = ME) -> None:
    person = await people.find(house.platform.database, subject)
    memory.keep(subject, person, summary(admitted(person.facts, LATE)))


async def remembering(house: House, **settings: Any) -> Memory:
    """A memory that knows one customer."""
    await house.fold(STORY)
    memory = Memory(house.platform.database, **settings)
    await keep(memory, house)
    return memory


@pytest.fixture
async def house(tmp_path: Path) -> Any:
    async with open_house(SERVICE, tmp_path) as opened:
        yield opened


async def test_what_is_remembered_is_told_while_it_is_true(house: House) -> None:
    memory = await remembering(house)
    first = await memory.find(ME)
    assert first
    assert first is await memory.find(ME)
    assert first.since == day(2)
    assert not first.person.facts


@pytest.mark.parametrize(
    "news", [MERGED, event("profile", "customer.erased", day(3), {"reason": "request"}, sequence=3),
             event("care", "care.delivered", day(1), {"delivery": "d", "on_time": True})],
    ids=lambda e: e.type)  # fmt: skip
async def test_any_news_ends_it(house: House, news: Event) -> None:
    memory = await remembering(house)
    await house.fold([news])
    assert await memory.find(ME) is None
    assert len(memory) == 0


async def test_who_was_erased_stays_so_in_a_restored_stores_next_life(house: House) -> None:
    await house.fold([*STORY, event("profile", "customer.erased", day(3), {"reason": "request"}, sequence=3)])
    assert (await house.http.get(f"/v1/scores/customers/{ME}")).status_code == 410
    await house.fold([event("profile", "customer.lost", day(4), {"reason": "moved"}, sequence=3, epoch=1)])
    assert (await house.http.get(f"/v1/scores/customers/{ME}")).status_code == 410


async def test_who_is_one_person_with_another_is_remembered_until_they_are_parted(house: House) -> None:
    memory = await remembering(house)
    await house.fold([MERGED])
    await keep(memory, house)
    known = await memory.find(ME)
    assert known
    assert known.person.id == PEOPLE[0]
    parted = event("profile", "customer.unmerged", day(4), {"merge": "m", "survivor": PEOPLE[0]}, sequence=4)
    await house.fold([parted])
    assert await memory.find(ME) is None


async def test_whoever_is_not_asked_about_is_forgotten_by_itself(house: House) -> None:
    memory = await remembering(house, seconds=0.02)
    assert len(memory) == 1
    await asyncio.sleep(0.1)
    assert len(memory) == 0


async def test_it_takes_no_more_room_than_it_may(house: House) -> None:
    memory = await remembering(house, most=8000)
    for who in PEOPLE:
        for number in range(10):
            person = await people.find(house.platform.database, ME)
            memory.keep(f"{who} {number}", person, summary(admitted(person.facts, LATE)))
            assert 1 <= len(memory) <= 4
