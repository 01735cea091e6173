"""No committed event is ever skipped, and a subject's events keep their order: the bug that most event stores have."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from libs.events.clock import SystemClock
from libs.events.log import Log, Record, Topic
from libs.events.log.opening import open_log
from libs.events.relay import Relay
from libs.events.store.database import Transaction
from libs.events.store.outbox import PostgresOutbox, open_outbox
from tests.faults.conftest import Engines
from tests.support.shop import AT, Buy, one
from tests.support.stores import SHARDS, Opened, open_store

TOPIC = "careledger.customers"
WRITERS, APPENDS, SUBJECTS = 8, 60, 12


class Rolled(Exception):
    """A writer's change of mind."""


async def everything(log: Log) -> list[Record]:
    """All records of the topic, each partition's in order."""

    async def from_the_start(slots: Sequence[Any]) -> dict[Any, int]:
        return dict.fromkeys(slots, 0)

    consumer = log.consumer(f"reader-{random.random()}", [TOPIC], from_the_start)
    await consumer.start()
    wanted = sum((await log.ends(TOPIC)).values())
    records: list[Record] = []
    async with asyncio.timeout(30):
        while len(records) < wanted:
            for some in (await consumer.fetch(5000, 0.5)).values():
                records += some
    await consumer.stop()
    return records


def told(records: Sequence[Record]) -> dict[str, list[int]]:
    """By subject, the sequences in the order of the log, repeats left out."""
    found: dict[str, list[int]] = defaultdict(list)
    for record in records:
        sequence = int(record.headers["ce_sequence"])
        sequences = found[record.headers["ce_subject"].decode()]
        if sequence not in sequences:
            sequences.append(sequence)
    return found


async def committed(opened: Opened) -> dict[str, list[int]]:
    """By subject, the sequences that the store holds."""
    found: dict[str, list[int]] = defaultdict(list)
    async with opened.database.read() as reader:
        for subject, sequence in await reader.conn.execute(text("SELECT subject, sequence FROM events ORDER BY 1, 2")):
            found[subject].append(sequence)
    return found


async def write(opened: Opened, writer: int, dice: random.Random) -> None:
    """One writer: single and triple appends, now and then slow, now and then rolled back."""
    for n in range(APPENDS):
        subject = f"c{dice.randrange(SUBJECTS)}"
        unit = one(subject, Buy(at=AT, order=f"{writer}-{n}", times=dice.choice((1, 3))), f"{writer}-{n}")
        chance = dice.random()
        if chance < 0.05:
            try:
                async with opened.database.begin() as tx:
                    await opened.store.execute_in(tx, [unit])
                    raise Rolled
            except Rolled:
                continue
        if chance < 0.06 or n == APPENDS // 2:
            async with opened.database.begin() as tx:
                await opened.store.execute_in(tx, [unit])
                await asyncio.sleep(0.15)
        else:
            await opened.store.execute(unit)


async def unrelated(tx: Transaction, engine: str) -> None:
    """A long transaction that writes elsewhere, and so keeps an old transaction number alive."""
    await tx.conn.execute(text("CREATE TABLE elsewhere (id INTEGER)" if engine == "distributed" else "SELECT 1"))


@pytest.mark.parametrize("relays", [1, 3])
async def test_every_committed_event_reaches_the_log_in_order(engines: Engines, relays: int) -> None:
    if engines.name == "embedded" and relays > 1:
        relays = 1  # one file has one relay
    log = open_log(engines.log_url)
    await log.start()
    await log.ensure([Topic(TOPIC, 4)])
    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(open_store(engines.database_url, clock=SystemClock()))
            for _ in range(WRITERS if engines.name == "distributed" else 2)
        ]
        opened = writers[0]
        most = SHARDS if relays == 1 else 2
        carrying = [
            asyncio.create_task(Relay("profile", TOPIC, open_outbox(opened.database, SHARDS, most), log).run())
            for _ in range(relays)
        ]
        if engines.name == "distributed":
            old = await stack.enter_async_context(opened.database.begin())
            await unrelated(old, engines.name)
        dice = random.Random(7)
        await asyncio.gather(*(
            write(writers[w % len(writers)], w, random.Random(dice.random())) for w in range(WRITERS)
        ))  # fmt: skip
        want = await committed(opened)
        async with asyncio.timeout(30):
            while True:
                async with opened.database.read() as reader:
                    if not (await reader.conn.execute(text("SELECT count(*) FROM outbox"))).scalar_one():
                        break
                await asyncio.sleep(0.05)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        assert told(await everything(log)) == want
        assert sum(map(len, want.values())) > WRITERS * APPENDS
    await log.stop()


async def test_a_late_commit_is_carried_though_later_numbers_went_before(engines: Engines) -> None:
    """The forced interleaving: a number drawn early, committed last, while the mark is asked to pass it."""
    if engines.name == "embedded":
        pytest.skip("one writer at a time: no number is ever committed late")
    log = open_log(engines.log_url)
    await log.start()
    await log.ensure([Topic(TOPIC, 4)])
    async with open_store(engines.database_url) as opened:
        outbox = opened.outbox
        assert isinstance(outbox, PostgresOutbox)
        relay = Relay("profile", TOPIC, outbox, log)
        async with opened.database.begin() as slow:
            await opened.store.execute_in(slow, [one("late", Buy(at=AT, order="early number"), "k0")])
            for n in range(20):
                await opened.store.execute(one(f"c{n}", Buy(at=AT, order=f"o{n}"), f"k{n + 1}"))
            for _ in range(30):
                await relay.once()
                await asyncio.sleep(0.05)
            assert (await told_count(log)) == 20
        for _ in range(3):
            await relay.once()
        assert (await told_count(log)) == 21
        # and once nothing is under way, the mark does move, so that dead rows cost nothing
        async with asyncio.timeout(10):
            while outbox.mark < 21:
                await relay.once()
                await asyncio.sleep(0.05)
        await opened.store.execute(one("after", Buy(at=AT, order="last"), "k99"))
        await relay.once()
        assert (await told_count(log)) == 22
    await log.stop()


async def test_a_late_commit_goes_before_what_its_subject_told_after_it(engines: Engines) -> None:
    """A number drawn early is committed between two batches of a claim, and a later one of its subject at once."""
    if engines.name == "embedded":
        pytest.skip("one writer at a time: no number is ever committed late")
    async with open_store(engines.database_url) as opened:
        given: list[str] = []
        async with AsyncExitStack() as writing:
            slow = await writing.enter_async_context(opened.database.begin())
            await opened.store.execute_in(slow, [one("late", Buy(at=AT, order="early number"), "k0")])
            for n in range(4):
                await opened.store.execute(one(f"c{n}", Buy(at=AT, order=f"o{n}"), f"k{n + 1}"))
            async with opened.outbox.claim(2) as batches:
                async for rows in batches:
                    given += [bytes(row[2]).split(b"\0")[1].decode() for row in rows]
                    if len(given) == 2:
                        await asyncio.sleep(0.2)  # by now the second batch is read
                        await writing.aclose()
                        await opened.store.execute(one("late", Buy(at=AT, order="later"), "k9"))
        assert given[4:] == [event.id for event in await opened.store.history("late")]
        async with opened.outbox.claim(2) as batches:
            assert [rows async for rows in batches] == []


async def test_what_was_not_given_stays(engines: Engines) -> None:
    async with open_store(engines.database_url) as opened:
        for n in range(5):
            await opened.store.execute(one(f"c{n}", Buy(at=AT, order=f"o{n}"), f"k{n}"))
        with pytest.raises(Rolled):
            async with opened.outbox.claim(2) as batches:
                async for _ in batches:
                    raise Rolled
        async with opened.outbox.claim(2):
            pass
        async with opened.outbox.claim(2) as batches:
            async for _ in batches:
                break
        async with opened.outbox.claim(10) as batches:
            assert sum([len(rows) async for rows in batches]) == 3


async def told_count(log: Log) -> int:
    return sum(map(len, told(await everything(log)).values()))


async def test_numbers_given_back_by_rollbacks_leave_no_trace(engines: Engines) -> None:
    log = open_log(engines.log_url)
    await log.start()
    await log.ensure([Topic(TOPIC, 4)])
    async with open_store(engines.database_url) as opened:
        relay = Relay("profile", TOPIC, opened.outbox, log)
        for n in range(5):
            with pytest.raises(Rolled):
                async with opened.database.begin() as tx:
                    await opened.store.execute_in(tx, [one("c", Buy(at=AT, order=f"gone {n}"), f"gone {n}")])
                    raise Rolled
            await opened.store.execute(one("c", Buy(at=AT + timedelta(days=n), order=f"kept {n}"), f"kept {n}"))
        while await relay.once():
            pass
        assert told(await everything(log)) == {"c": [1, 2, 3, 4, 5]}
    await log.stop()
