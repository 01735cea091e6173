"""The log's contract: what is published is kept, whole and in order; the same on every engine."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from libs.events.log import Outgoing, Topic, Unavailable
from libs.events.log.opening import open_log
from libs.events.log.partitioner import MAX_VALUE, key_hash
from tests.support.logs import by_key, numbered, opened, reading


async def test_a_key_keeps_its_order_and_offsets_have_no_gaps(log: Any) -> None:
    await log.ensure([Topic("t", 4)])
    records = numbered(100)
    for start in range(0, 100, 9):
        await log.publish("t", records[start:start + 9])
    async with reading(log) as reader:
        found = await reader.read(100)
        await reader.quiet()
    assert by_key(found) == {
        key: [record.value for record in records if record.key == key] for key in {record.key for record in records}
    }
    for partition in {record.partition for record in found}:
        offsets = [record.offset for record in found if record.partition == partition]
        assert offsets == list(range(len(offsets)))
    # The same on every engine: whoever moves from one to the other finds each subject where it was.
    assert all(record.key and record.partition == key_hash(record.key) % 4 for record in found)
    assert found[0].headers == dict(records[0].headers)
    assert abs(found[0].timestamp_ms / 1000 - time.time()) < 600


async def test_what_was_published_is_there_after_a_restart(log_url: str) -> None:
    async with opened(log_url) as log:
        await log.ensure([Topic("t", 3)])
        await log.publish("t", numbered(50))
        before = await log.ends("t")
    async with opened(log_url) as log:
        assert await log.ends("t") == before
        await log.publish("t", numbered(5, first=50))
        async with reading(log) as reader:
            found = await reader.read(55)
    assert sorted(int(record.value) for record in found) == list(range(55))


async def test_a_large_publish_with_every_kind_of_bytes(log: Any) -> None:
    await log.ensure([Topic("t", 3)])
    strange = [b"", b"\0", bytes(range(256)), "Nguyễn 李".encode(), b"\xff" * 7, b"x" * 256 * 1024, b"y" * MAX_VALUE]
    records = numbered(5000, keys=50)
    records += [Outgoing(b"strange", value, [("h", value[:300]), ("é", b""), ("n", b"\0\xff")]) for value in strange]
    records += [Outgoing(b"\0\xff", b"k"), Outgoing(b"", b"no key", ())]
    await log.publish("t", records)
    async with reading(log) as reader:
        found = by_key(await reader.read(len(records)))
    assert found[b"strange"] == strange
    assert found[b"\0\xff"] == [b"k"]
    assert found[b""] == [b"no key"]
    for key in range(50):
        assert found[f"key-{key}".encode()] == [str(i).encode() for i in range(key, 5000, 50)]
    odd = next(record for record in reader.records if record.value == strange[2])
    assert odd.headers == {"h": strange[2], "é": b"", "n": b"\0\xff"}


async def test_ensure_may_come_often_and_from_many_at_once(log_url: str) -> None:
    topics = [Topic("a", 3), Topic("b", 2, 7 * 24 * 3600 * 1000), Topic("c", 3)]
    async with opened(log_url) as one, opened(log_url) as two, opened(log_url) as three:
        await asyncio.gather(*(log.ensure(topics) for log in (one, two, three, one)))
        first = {name: await one.ends(name) for name in "abc"}
        await asyncio.gather(one.ensure(topics), two.ensure([Topic("a", 5)]))
        assert {name: await two.ends(name) for name in "abc"} == first
    assert [len(first[name]) for name in "abc"] == [3, 2, 3]


async def test_lag_and_ends(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    assert set((await log.ends("t")).values()) == {0}
    assert await log.ends("none") == {}
    await log.publish("t", numbered(30))
    assert sum((await log.ends("t")).values()) == 30
    async with reading(log) as reader:
        assert await reader.consumer.lag() is None
        while len(reader.records) < 10:
            await reader.step(most=5)
        for _ in range(50):                 # the second partition may not have been heard of yet
            if (lag := await reader.consumer.lag()) is not None:
                break
            await asyncio.sleep(0.1)
        assert lag == 30 - len(reader.records)
        await reader.read(30)
        assert await reader.consumer.lag() == 0


async def test_publishers_at_once_keep_their_own_order(log_url: str) -> None:
    async with opened(log_url) as log, opened(log_url) as other:
        await log.ensure([Topic("t", 3)])

        async def publish(log: Any, by: str) -> None:
            for first in range(0, 200, 10):
                await log.publish("t", numbered(10, first=first, by=by))

        async with reading(log) as reader:
            await asyncio.gather(publish(log, "a"), publish(log, "b"), publish(other, "c"), reader.read(600))
            await reader.quiet()
    for key, values in by_key(reader.records).items():
        numbers = [int(value[1:]) for value in values]
        assert numbers == sorted(numbers), key
    assert len({record.value for record in reader.records}) == 600


async def test_what_cannot_be_published_says_so(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    await log.publish("t", [])
    with pytest.raises(ValueError, match="bytes"):
        await log.publish("t", [Outgoing(b"k", b"x" * (MAX_VALUE + 1))])
    with pytest.raises(Unavailable, match="none"):
        await log.publish("none", numbered(1))
    # What comes after is not harmed.
    await log.publish("t", numbered(3))
    assert sum((await log.ends("t")).values()) == 3


async def test_a_log_that_was_not_started_is_unavailable(log_url: str) -> None:
    with pytest.raises(Unavailable):
        await open_log(log_url).ensure([Topic("t", 1)])
