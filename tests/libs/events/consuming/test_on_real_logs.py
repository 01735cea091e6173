"""The projector on the real logs: several members come and go, and every fact has its effect once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.events.clock import SystemClock
from libs.events.consuming import Progress, Projector, Views, metadata
from libs.events.log import Log, Topic
from libs.events.log.opening import open_log
from libs.events.settings import Settings
from libs.events.store.opening import open_database
from libs.events.units import Position
from libs.events.vault import SubjectKey
from tests.libs.events.consuming.conftest import Effects, counted, effects
from tests.support.facts import TOPIC, fact, outgoing

SUBJECTS, EACH = 20, 100


@pytest.fixture(params=["embedded", "kafka"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    if request.param == "kafka":
        url = f"{request.getfixturevalue('kafka_url')}?prefix={request.getfixturevalue('topic_prefix')}&replication=1"
    else:
        url = f"embedded://{tmp_path}/log.db"
    opened = open_log(url)
    await opened.start()
    await opened.ensure([Topic(TOPIC, 4)])
    yield opened
    await opened.stop()


async def test_members_come_and_go(log: Log, tmp_path: Path) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path}/views.db")
    await database.create(metadata)
    await database.create(counted)
    progress = Progress("scoring", database, {"profile"})

    def member() -> Projector:
        return Projector(
            "scoring", "views", log, database, Views([Effects()]), SubjectKey.new(), SystemClock(), Settings(),
            listener=progress,
        )  # fmt: skip

    async def publish(first: int, last: int) -> None:
        for n in range(first, last + 1):
            await log.publish(TOPIC, [outgoing(fact(f"c{s}", n)) for s in range(SUBJECTS)])

    async def reached(n: int) -> None:
        for s in range(SUBJECTS):
            assert await progress.caught_up(Position("profile", f"c{s}", n), timedelta(seconds=60)), (s, n)

    stayer, guest = member(), member()
    runs: list[asyncio.Task[Any]] = [asyncio.create_task(stayer.run())]
    await publish(1, EACH // 2)
    await reached(10)
    runs.append(asyncio.create_task(guest.run()))
    await publish(EACH // 2 + 1, EACH)
    stayer.stop()
    await runs[0]
    await reached(EACH)
    guest.stop()
    await runs[1]
    async with database.read() as reader:
        rows = (await reader.conn.execute(effects.select().order_by(effects.c.place, effects.c.sequence))).all()
    assert len(rows) == SUBJECTS * EACH
    for s in range(SUBJECTS):
        assert [r.sequence for r in rows if r.subject == f"c{s}"] == list(range(1, EACH + 1))
    await database.close()
