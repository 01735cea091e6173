"""The log's contract: reading goes on from where the reader says; the same on every engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from libs.events.log import Slot, Topic
from tests.support.logs import numbered, reading


async def test_reading_begins_where_locate_says_and_again_after_a_rewind(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    await log.publish("t", numbered(40))
    ends = await log.ends("t")
    stored = {slot: end - 3 for slot, end in ends.items()}
    async with reading(log, stored=dict(stored)) as reader:
        await reader.read(6)
        assert reader.stored == ends
        reader.stored.update(dict.fromkeys(ends, 0))
        await reader.consumer.rewind()
        await reader.read(46)
        await reader.quiet()
        assert reader.asked[-1] == set(ends)


async def test_a_second_start_resumes_from_the_stored_offset(log: Any) -> None:
    await log.ensure([Topic("t", 3)])
    await log.publish("t", numbered(30))
    stored: dict[Slot, int] = {}
    async with reading(log, stored=stored) as reader:
        while len(reader.records) < 12:
            await reader.step(most=4)
    await log.publish("t", numbered(10, first=30))
    async with reading(log, stored=stored) as again:
        found = reader.records + await again.read(40 - len(reader.records))
    assert sorted(int(record.value) for record in found) == list(range(40))


async def test_groups_do_not_disturb_each_other(log: Any) -> None:
    await log.ensure([Topic("t", 2), Topic("u", 2)])
    async with reading(log, "t", "u", group="one") as one, reading(log, "t", group="two") as two:
        await asyncio.gather(log.publish("t", numbered(10)), log.publish("u", numbered(10)))
        assert len(await one.read(20)) == 20
        assert len(await two.read(10)) == 10
        assert {record.topic for record in one.records} == {"t", "u"}


async def test_a_topic_made_anew_has_another_id_and_is_read_from_its_start(log: Any) -> None:
    await log.ensure([Topic("t", 2), Topic("other", 2)])
    await log.publish("t", numbered(20))
    old = set(await log.ends("t"))
    async with reading(log, "t", "other") as reader:
        await reader.read(20)
        await log.drop("t")
        assert await log.ends("t") == {}
        await log.ensure([Topic("t", 2)])
        new = await log.ends("t")
        assert set(new).isdisjoint(old)
        assert {slot.topic_id for slot in new}.isdisjoint(slot.topic_id for slot in old)
        # More than before: by its old position alone a reader would skip the first of these and not notice.
        await log.publish("t", numbered(60, by="new-"))
        reader.loose = True                  # Kafka may show some of them under the old id for a moment, then from 0
        while not any(slot in reader.expected for slot in new):
            await reader.step()
        reader.loose = False
        reader.records = [record for record in reader.records if record.value.startswith(b"new-")]
        while len({record.value for record in reader.records}) < 60:
            await reader.step()
        assert reader.stored[next(iter(new))] == (await log.ends("t"))[next(iter(new))]


async def test_fetch_returns_nothing_once_its_time_is_up(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    async with reading(log) as reader:
        await log.publish("t", numbered(1))
        await reader.read(1)
        for wait in (0.0, 0.3):
            begun = time.monotonic()
            assert await reader.consumer.fetch(10, wait) == {}
            assert wait - 0.05 <= time.monotonic() - begun < wait + 2


async def test_a_waiting_reader_is_woken_by_a_publish(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    async with reading(log) as reader:
        await log.publish("t", numbered(1))
        await reader.read(1)
        taken = []
        for number in range(1, 6):
            waiting = asyncio.create_task(reader.step(wait=10))
            await asyncio.sleep(0.05)
            begun = time.monotonic()
            await log.publish("t", numbered(1, first=number))
            assert await waiting == 1
            taken.append(time.monotonic() - begun)
        assert min(taken) < 0.1


async def test_a_fetch_gives_no_more_than_it_was_asked_for(log: Any) -> None:
    await log.ensure([Topic("t", 4)])
    await log.publish("t", numbered(400, keys=40))
    async with reading(log) as reader:
        while len(reader.records) < 400:
            assert await reader.step(most=10) <= 10


async def test_a_reader_may_come_before_its_topic(log: Any) -> None:
    async with asyncio.timeout(30):
        begun = asyncio.create_task(read_one(log))
        await asyncio.sleep(0.3)
        await log.ensure([Topic("t", 2)])
        await log.publish("t", numbered(1))
        assert await begun == [b"0"]


async def read_one(log: Any) -> list[bytes]:
    async with reading(log) as reader:
        return [record.value for record in await reader.read(1)]


async def test_where_locate_fails_nothing_is_delivered_and_it_is_asked_again(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    await log.publish("t", numbered(10))
    failures = [OSError("the store is away"), RuntimeError("still")]

    async def locate(slots: Sequence[Slot]) -> dict[Slot, int]:
        if failures:
            raise failures.pop(0)
        return {}

    consumer = log.consumer("group", ["t"], locate)
    await consumer.start()
    try:
        found, faults = 0, []
        async with asyncio.timeout(30):
            while found < 10:
                try:
                    found += sum(map(len, (await consumer.fetch(100, 0.2)).values()))
                except (OSError, RuntimeError) as fault:
                    assert found == 0
                    faults.append(str(fault))
        assert faults == ["the store is away", "still"]
    finally:
        await consumer.stop()
