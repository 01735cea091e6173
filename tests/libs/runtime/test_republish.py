"""A topic is refilled from the store: the same records, the same read model, whatever runs meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from libs.events.consuming import rebuild
from libs.events.log import Outgoing, Record, Topic, Unavailable
from libs.events.log.opening import open_log
from libs.events.relay import Relay
from libs.runtime.republish import refill, republish
from services.scoring.projections.facts import Facts
from tests.faults.conftest import Engines
from tests.libs.runtime.refilling import PARTITIONS, TOPIC, Works, until, works
from tests.support.facts import FakeLog
from tests.support.stores import open_store

CUSTOMERS = [f"c{n}" for n in range(9)]


def told(records: Sequence[Record]) -> dict[tuple[bytes | None, bytes], Any]:
    """By subject and sequence, all that a record says."""
    return {(r.key, r.headers["ce_sequence"]): (r.value, r.headers) for r in records}


def sequences(records: Sequence[Record]) -> dict[str, list[int]]:
    """By subject, the sequences as they come."""
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault(record.headers["ce_subject"].decode(), []).append(int(record.headers["ce_sequence"]))
    return found


async def test_the_same_records_come_again_in_each_subjects_order(engines: Engines) -> None:
    async with works(engines) as shop:
        await shop.buy(*CUSTOMERS, count=10)
        while await shop.relay.once():
            pass
        relayed = await shop.records()
        counts: list[int] = []
        await shop.log.drop(TOPIC)
        assert await refill("profile", shop.opened.database, shop.log, TOPIC, PARTITIONS, told=counts.append) == 99
        assert counts == [99]
        again = await shop.records()
        assert told(again) == told(relayed)
        assert sequences(again) == sequences(relayed) == {c: list(range(1, 12)) for c in CUSTOMERS}
        # a page may end in the middle of a subject
        assert await republish("profile", shop.opened.database, shop.log, TOPIC, counts.append, page=7) == 99
        assert counts[1:4] == [7, 14, 21]
        twice = await shop.records()
        assert sequences(twice) == {c: [*range(1, 12), *range(1, 12)] for c in CUSTOMERS}


async def test_a_topic_made_anew_beside_everything_that_runs(engines: Engines) -> None:
    """Writers, relay and worker go on; in the end the read model is what it would have been."""
    async with works(engines) as shop:
        await shop.buy(*CUSTOMERS, count=10)
        shop.start(shop.projector().run, shop.relay.run)
        await shop.caught_up()
        before, scores = await shop.read(), await shop.scores()
        assert len(scores) == len(CUSTOMERS)

        await refill("profile", shop.opened.database, shop.log, TOPIC, PARTITIONS, anew=True)
        await asyncio.sleep(2.5)  # a consumer may take so long to see that the topic is another one
        await shop.buy("mark", count=1)
        await shop.caught_up()
        after = await shop.read()
        assert [row for row in after["facts"] if row[0] != "mark"] == before["facts"]
        assert {s: p for s, p in (await shop.scores()).items() if s != "mark"} == scores
        assert await shop.waiting() == 0

        writing = asyncio.create_task(shop.buy(*CUSTOMERS, "new", count=30, by="late "))
        await refill("profile", shop.opened.database, shop.log, TOPIC, PARTITIONS, anew=True)
        await writing
        await shop.caught_up()
        assert await shop.waiting() == 0
        # 9 with a name, 10 purchases and 30 late ones; `new` with a name and 30; `mark` with a name and one
        assert len(await shop.heard()) == 9 * 41 + 31 + 2


async def test_a_fresh_read_model_from_a_refilled_topic_scores_the_same(engines: Engines) -> None:
    async with works(engines) as shop:
        await shop.buy(*CUSTOMERS, count=5)
        first = shop.projector()
        running = asyncio.create_task(first.run())
        while await shop.relay.once():
            pass
        await shop.caught_up()
        before, scores = await shop.read(), await shop.scores()
        first.stop()
        await running

        await refill("profile", shop.opened.database, shop.log, TOPIC, PARTITIONS, anew=True)
        await rebuild(shop.scoring, [Facts()])
        assert (await shop.read())["facts"] == []
        shop.start(shop.projector().run)
        await shop.caught_up()
        assert await shop.read() == before
        assert await shop.scores() == scores


async def test_what_the_relay_sends_before_older_facts_waits_for_them(engines: Engines) -> None:
    async with works(engines) as shop:
        await shop.buy("c1", count=5)
        while await shop.relay.once():
            pass
        await shop.log.drop(TOPIC)
        await shop.log.ensure([Topic(TOPIC, PARTITIONS)])
        await rebuild(shop.scoring, [Facts()])
        await shop.buy("c1", count=1, by="newest ")
        assert await shop.relay.once() == 1
        shop.start(shop.projector().run)

        async def it_waits() -> bool:
            return await shop.waiting() == 1

        await until(it_waits)
        assert await shop.heard() == set()
        await republish("profile", shop.opened.database, shop.log, TOPIC)
        await shop.caught_up()
        assert await shop.waiting() == 0
        assert sequences(await shop.records())["c1"] == [7, 1, 2, 3, 4, 5, 6, 7]


async def test_a_log_that_is_away_is_waited_for(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shaky(FakeLog):
        faults = 3

        async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
            if self.faults:
                self.faults -= 1
                # not confirmed, though some of it arrived
                await super().publish(topic, list(records)[: self.faults])
                raise Unavailable("away")
            await super().publish(topic, records)

    async def at_once(seconds: float) -> None: ...

    monkeypatch.setattr("libs.runtime.republish.asyncio.sleep", at_once)
    async with open_store(f"sqlite+aiosqlite:///{tmp_path}/store.db") as opened:
        log = open_log(f"embedded://{tmp_path}/log.db")
        shop = Works(opened, log, Relay("profile", TOPIC, opened.outbox, log), opened.database)
        await shop.buy("c1", count=4)
        shaky = Shaky()
        assert await republish("profile", opened.database, shaky, TOPIC, page=2) == 5
        found = sequences([r for records in shaky.records.values() for r in records])["c1"]
        assert list(dict.fromkeys(found)) == [1, 2, 3, 4, 5]
        shaky.faults = 1000
        with pytest.raises(Unavailable):
            await republish("profile", opened.database, shaky, TOPIC)
