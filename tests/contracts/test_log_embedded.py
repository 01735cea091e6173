"""What the embedded log promises beyond the common contract: several processes, crashes, retention, and little work."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from libs.events.log import Outgoing, Topic, Unavailable
from libs.events.log import embedded_file as embedded
from libs.events.log import embedded_tables as tables
from libs.events.log.partitioner import key_hash
from tests.support.logs import by_key, numbered, opened, reading

PUBLISH = """
import asyncio, sys
from libs.events.log import Outgoing
from libs.events.log.opening import open_log

async def main(url, by, count):
    log = open_log(url)
    await log.start()
    for number in range(int(count)):
        await log.publish("t", [Outgoing(f"{by}{number % 3}".encode(), f"{by}{number}".encode())])
        print(number, flush=True)
    await log.stop()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "place" / "log.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[Any]:
    async with opened(f"embedded://{path}") as log:
        yield log


def publisher(path: Path, by: str, count: int) -> subprocess.Popen[bytes]:
    """Another process that publishes, and prints the number of each that was confirmed."""
    return subprocess.Popen([sys.executable, "-c", PUBLISH, f"embedded://{path}", by, str(count)],
                            stdout=subprocess.PIPE, cwd=os.getcwd())


async def test_processes_write_one_file_and_are_heard(log: Any, path: Path) -> None:
    await log.ensure([Topic("t", 3)])
    async with reading(log) as reader:
        with publisher(path, "a", 150) as one, publisher(path, "b", 150) as two:
            for number in range(150):
                await log.publish("t", numbered(1, first=number, by="c"))
            await reader.read(450)
            assert [await asyncio.to_thread(other.wait) for other in (one, two)] == [0, 0]
        waiting = asyncio.create_task(reader.step(wait=30))
        with publisher(path, "d", 1):
            assert await waiting == 1
    for key, values in by_key(reader.records).items():
        numbers = [int(value[1:]) for value in values]
        assert numbers == sorted(numbers), key


async def test_a_process_killed_while_publishing_leaves_no_gap_and_loses_nothing_confirmed(path: Path) -> None:
    async with opened(f"embedded://{path}") as log:
        await log.ensure([Topic("t", 3)])
    with publisher(path, "a", 10_000) as victim:
        assert victim.stdout is not None
        for _ in range(30):
            confirmed = int(await asyncio.to_thread(victim.stdout.readline))
        victim.send_signal(signal.SIGKILL)
    async with opened(f"embedded://{path}") as log:
        total = sum((await log.ends("t")).values())
        assert total > confirmed
        async with reading(log) as reader:                 # it checks that offsets go on where they left off
            await reader.read(total)
    assert sorted(int(record.value[1:]) for record in reader.records) == list(range(total))


async def test_what_is_too_old_is_removed_from_the_disk_and_told_to_who_missed_it(
    log: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "EXPIRE_AT_ONCE", 7)
    week = 7 * 24 * 3600 * 1000
    await log.ensure([Topic("facts", 1), Topic("inbound", 1, week)])
    await log.publish("facts", numbered(20))
    await log.publish("inbound", [Outgoing(b"k", b"Nguyen Van An %d" % number) for number in range(20)])
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + week * 1_000_000)
    await log.publish("inbound", [Outgoing(b"k", b"late")])
    while await log.file._writer.do(tables.expire):
        pass
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Nguyen" not in left
    assert b"late" in left
    assert sum((await log.ends("inbound")).values()) == 21
    with capture_logs() as said:
        async with reading(log, "inbound") as reader:
            reader.loose = True
            assert [(record.offset, record.value) for record in await reader.read(1)] == [(20, b"late")]
    assert [line["skipped"] for line in said if line["event"] == "records_expired"] == [20]
    async with reading(log, "facts") as reader:
        assert len(await reader.read(20)) == 20
    await log.drop("inbound")
    assert b"late" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


async def test_an_older_copy_put_back_is_told_and_read_again(path: Path) -> None:
    async with opened(f"embedded://{path}") as log:
        await log.ensure([Topic("t", 1)])
        await log.publish("t", numbered(5))
    shutil.copy(path, path.with_suffix(".copy"))
    async with opened(f"embedded://{path}") as log:
        await log.publish("t", numbered(5, first=5))
        async with reading(log) as reader:
            await reader.read(10)
    shutil.copy(path.with_suffix(".copy"), path)
    async with opened(f"embedded://{path}") as log:
        with capture_logs() as said:
            async with reading(log, stored=reader.stored) as again:
                again.loose = True
                assert [record.offset for record in await again.read(5)] == [0, 1, 2, 3, 4]
        assert [line["lost"] for line in said if line["event"] == "records_lost"] == [5]


async def test_a_busy_partition_does_not_keep_the_others_from_their_turn(log: Any) -> None:
    await log.ensure([Topic("t", 2)])
    keys = {key_hash(b"%d" % number) % 2: b"%d" % number for number in range(20)}
    for busy in (0, 1):
        async with reading(log, stored=await log.ends("t")) as reader:
            await log.publish("t", [Outgoing(keys[1 - busy], b"quiet")])
            for _ in range(3):
                await log.publish("t", [Outgoing(keys[busy], b"busy")] * 20)
                await reader.step(most=10)
        assert b"quiet" in {record.value for record in reader.records}


async def test_a_waiting_reader_costs_nothing_and_is_woken_at_once(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LISTEN_EVERY", 60.0)
    await asyncio.sleep(0.15)
    await log.ensure([Topic("t", 2), Topic("other", 2)])
    looks = 0
    look = tables.look

    def counted(*args: Any) -> tables.Found:
        nonlocal looks
        looks += 1
        return look(*args)

    async with reading(log) as reader:
        await reader.step(wait=0)
        monkeypatch.setattr(tables, "look", counted)
        waiting = asyncio.create_task(reader.step(wait=20))
        await log.publish("other", numbered(1))
        await asyncio.sleep(0.2)
        assert looks == 1
        begun = time.monotonic()
        await log.publish("t", numbered(1))
        assert await waiting == 1
        assert time.monotonic() - begun < 5
        assert looks == 2


async def test_publishes_at_once_share_a_transaction_and_not_their_faults(
    log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.ensure([Topic("t", 2)])
    groups: list[int] = []
    append = tables.append

    def counted(line: sqlite3.Connection, publishes: Any) -> Any:
        groups.append(len(publishes))
        return append(line, publishes)

    monkeypatch.setattr(tables, "append", counted)
    wrong: Any = [Outgoing(b"k", b"v", [("h", "not bytes")])]  # type: ignore[list-item]
    outcomes = await asyncio.gather(
        *(log.publish("t", numbered(1, first=number)) for number in range(30)),
        log.publish("none", numbered(1)), log.publish("t", wrong), return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes[30:]] == ["Unavailable", "AttributeError"]
    assert set(outcomes[:30]) == {None}
    assert sum(groups) == 32
    assert len(groups) <= 2
    async with reading(log) as reader:
        found = by_key(await reader.read(30))
    assert [int(value) for value in itertools.chain(*found.values())] == [
        number for key in found for number in range(int(key.removeprefix(b"key-")), 30, 7)]


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    place = tmp_path / "log.db"
    place.write_bytes(b"this is no database, whatever it is called" * 100)
    for wrong in (place, place / "log.db"):
        for outcome in await asyncio.gather(*(opened(f"embedded://{wrong}").__aenter__() for _ in range(3)),
                                            return_exceptions=True):
            assert isinstance(outcome, Unavailable)


async def test_the_file_is_for_its_owner_alone(log: Any, path: Path) -> None:
    await log.ensure([Topic("t", 1)])
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
