"""The projector: an effect happens once, in order, whoever else reads and whatever comes twice or late."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from libs.events.consuming import rebuild
from libs.events.consuming.tables import applied, offsets, quarantine, waiting
from libs.events.log import Record, Slot, Unavailable
from libs.events.store import StoreUnavailable
from libs.events.units import Position
from tests.libs.events.consuming.conftest import Effects, Shop
from tests.support.facts import TOPIC, fact, outgoing


async def test_facts_are_applied_once_in_order_and_offsets_move_with_them(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 6)])
    shop.log.put(*[fact("c2", n) for n in range(1, 4)], partition=1)
    await shop.drain()
    assert await shop.seen("c1") == [1, 2, 3, 4, 5]
    assert await shop.seen("c2") == [1, 2, 3]
    assert {(r.partition, r.next_offset) for r in await shop.rows(offsets)} == {(0, 5), (1, 3)}
    assert {(r.subject, r.sequence, r.event_id) for r in await shop.rows(applied)} == {
        ("c1", 5, "c1-5-0"), ("c2", 3, "c2-3-0"),
    }  # fmt: skip
    assert shop.consumer.advised == {Slot(TOPIC, 0, "life-1"): 5, Slot(TOPIC, 1, "life-1"): 3}


async def test_a_second_process_goes_on_where_the_first_stopped(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 4)])
    await shop.drain()
    shop.log.put(*[fact("c1", n) for n in range(4, 6)])
    await shop.drain(shop.another())
    assert await shop.seen() == [1, 2, 3, 4, 5]


async def test_a_zombie_is_fenced_and_changes_nothing(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 4)])
    zombie = shop.another()
    await zombie.step(0)
    shop.log.put(*[fact("c1", n) for n in range(4, 7)])
    await shop.drain()  # located at 3, it takes the rest, while the zombie still believes to stand at 3
    shop.log.put(fact("c1", 7))
    assert await zombie.step(0) == 0
    assert await shop.seen() == [1, 2, 3, 4, 5, 6]
    await shop.drain(zombie)  # it asked again where to go on
    await shop.drain()
    assert await shop.seen() == [1, 2, 3, 4, 5, 6, 7]


async def test_a_batch_from_before_the_seek_is_not_applied(shop: Shop) -> None:
    """The case that once doubled 5,000 events: an effect that sequences do not protect is protected by the offset."""
    shop.log.put(*[fact("c1", n) for n in range(1, 51)])
    await shop.drain()
    async with shop.database.begin() as tx:
        await tx.conn.execute(text("DELETE FROM consumer_applied"))  # so that only the offset can tell
    second = shop.another()
    slot = Slot(TOPIC, 0, "life-1")
    shop.log.consumers[-1].stray = [{slot: list(shop.log.records[TOPIC, 0])}]
    shop.log.put(fact("c2", 1))
    await shop.drain(second)
    assert await shop.seen() == [*range(1, 51), 1]


async def test_a_batch_that_starts_beyond_the_stored_offset_skips_nothing(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 5)])
    slot = Slot(TOPIC, 0, "life-1")
    await shop.projector.step(0)
    shop.log.put(*[fact("c1", n) for n in range(5, 9)])
    shop.consumer.stray = [{slot: shop.log.records[TOPIC, 0][6:]}]
    await shop.drain()
    assert await shop.seen() == list(range(1, 9))
    assert await shop.rows(waiting) == []


async def test_records_that_the_log_no_longer_has_do_not_hold_the_line_for_ever(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 4)])
    await shop.drain()
    slot = Slot(TOPIC, 0, "life-1")
    records = [Record(TOPIC, 0, 10 + i, b"c1", outgoing(fact("c1", n)).value, dict(outgoing(fact("c1", n)).headers))
               for i, n in enumerate((4, 5))]  # fmt: skip
    shop.consumer.stray = [{slot: records}] * 3
    await shop.projector.step(0)
    await shop.projector.step(0)
    assert await shop.seen() == [1, 2, 3]
    await shop.projector.step(0)
    assert await shop.seen() == [1, 2, 3, 4, 5]


async def test_a_topic_made_anew_is_read_from_its_start_and_what_was_taken_is_known(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 4)])
    await shop.drain()
    shop.log.records.clear()
    shop.log.topic_id = "life-2"
    shop.log.put(*[fact("c1", n) for n in range(1, 6)])
    await shop.drain(shop.another())
    assert await shop.seen() == [1, 2, 3, 4, 5]


async def test_what_comes_early_waits_and_heals_by_itself(shop: Shop) -> None:
    shop.log.put(fact("c1", 1), fact("c1", 4), fact("c2", 1), fact("c1", 3))
    await shop.drain()
    assert await shop.seen("c1") == [1]
    assert await shop.seen("c2") == [1]
    assert len(await shop.rows(waiting)) == 2
    shop.log.put(fact("c1", 5))
    await shop.drain()
    shop.log.put(fact("c1", 2), fact("c1", 6))
    await shop.drain(shop.another())
    assert await shop.seen("c1") == [1, 2, 3, 4, 5, 6]
    assert await shop.rows(waiting) == []


async def test_a_gap_raises_an_alarm_after_its_time(shop: Shop) -> None:
    shop.log.put(fact("c1", 2))
    await shop.drain()
    await shop.tend()
    assert not shop.projector._hints.overdue
    shop.clock.advance(timedelta(seconds=61))
    await shop.tend()
    assert set(shop.projector._hints.overdue) == {("profile", "c1")}
    shop.log.put(fact("c1", 1))
    await shop.drain()
    await shop.tend()
    assert not shop.projector._hints.overdue
    assert await shop.seen() == [1, 2]


async def test_a_second_fact_with_a_taken_number_is_quarantined_and_holds_nothing_up(shop: Shop) -> None:
    shop.log.put(fact("c1", 1), fact("c1", 2))
    await shop.drain()
    shop.log.put(fact("c1", 2, id="another"), fact("c1", 3))
    await shop.drain()
    assert await shop.seen() == [1, 2, 3]
    (row,) = await shop.rows(quarantine)
    assert (row.kind, row.reason, row.event_id) == ("fork", "fork", "another")


async def test_a_restored_store_goes_on_in_a_new_epoch(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 6)])
    await shop.drain()
    shop.log.put(fact("c1", 4, epoch=1), fact("c1", 5, epoch=1), fact("c1", 5))
    await shop.drain()
    assert await shop.seen() == [1, 2, 3, 4, 5, 4, 5]
    assert await shop.rows(quarantine) == []
    (mark,) = await shop.rows(applied)
    assert (mark.sequence, mark.epoch) == (5, 1)


LOCKED = OperationalError("", {}, Exception("database is locked"))


@pytest.mark.parametrize("fault", [LOCKED, StoreUnavailable("x"), ConnectionResetError(), TimeoutError()])
async def test_faults_that_may_pass_are_waited_for_in_place(shop: Shop, fault: Exception) -> None:
    shop.view.faults = [fault, fault]
    shop.log.put(*[fact("c1", n) for n in range(1, 4)])
    await shop.drain()
    assert await shop.seen() == [1, 2, 3]
    assert await shop.rows(quarantine) == []


async def test_a_missing_table_holds_the_line_and_quarantines_nothing(shop: Shop) -> None:
    async with shop.database.begin() as tx:
        await tx.conn.execute(text("ALTER TABLE test_effects RENAME TO not_migrated"))
    shop.log.put(fact("c1", 1))
    running = asyncio.create_task(shop.projector.run())
    await asyncio.sleep(0.3)
    assert await shop.rows(quarantine) == []
    async with shop.database.begin() as tx:
        await tx.conn.execute(text("ALTER TABLE not_migrated RENAME TO test_effects"))
    assert await shop.progress.caught_up(Position("profile", "c1", 1), timedelta(seconds=10))
    shop.projector.stop()
    await running


async def test_a_lost_log_is_waited_for(shop: Shop) -> None:
    shop.log.put(fact("c1", 1))
    shop.consumer.faults = [Unavailable("x"), Unavailable("x")]
    await shop.drain()
    assert await shop.seen() == [1]


async def test_progress_hears_at_once_and_from_afar(shop: Shop) -> None:
    running = asyncio.create_task(shop.projector.run())
    shop.log.put(fact("c1", 1))
    assert await shop.progress.caught_up(Position("profile", "c1", 1), timedelta(seconds=5))
    assert not await shop.progress.caught_up(Position("profile", "c1", 2), timedelta(milliseconds=50))
    shop.projector._listener = None  # as if it ran in another process
    waiter = asyncio.create_task(shop.progress.caught_up(Position("profile", "c1", 2), timedelta(seconds=5)))
    shop.log.put(fact("c1", 2))
    assert await waiter
    assert not shop.progress._waiting
    shop.projector.stop()
    await running


async def test_progress_of_what_no_view_hears(shop: Shop) -> None:
    assert await shop.progress.caught_up(Position("scoring", "c1", 9), timedelta(0))
    assert not await shop.progress.caught_up(Position("care", "c1", 1), timedelta(seconds=5))


async def test_a_rebuild_starts_over_while_the_projector_runs(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 30)])
    await shop.drain()
    await rebuild(shop.database, [shop.view])
    assert await shop.seen() == []
    shop.log.put(fact("c1", 30))
    await shop.drain()  # what comes next is fenced
    assert await shop.seen() == list(range(1, 31))
    await rebuild(shop.database, [shop.view])
    await shop.tend()  # and where nothing comes, it is noticed within a second
    await shop.drain()
    assert await shop.seen() == list(range(1, 31))


async def test_a_rebuild_is_noticed_though_nothing_new_comes(shop: Shop) -> None:
    shop.log.put(*[fact("c1", n) for n in range(1, 30)])
    await shop.drain()
    await rebuild(shop.database, [shop.view])
    shop.projector._tending._next = 0  # a second later
    await shop.drain()
    assert await shop.seen() == list(range(1, 30))


async def test_a_batch_costs_the_same_statements_however_long_it_is(shop: Shop) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    engine = shop.database.engine.sync_engine  # type: ignore[attr-defined]
    event.listen(engine, "before_cursor_execute", lambda c, cur, statement, *rest: statements.append(statement))
    counts = []
    for n in (1, 400):
        shop.log.put(*[fact(f"s{n}-{i}", 1) for i in range(n)])
        await shop.projector.step(0)
        statements.clear()
        shop.log.put(*[fact(f"s{n}-{i}", 2) for i in range(n)])
        shop.projector._tending._next = 1e12
        await shop.projector.step(0)
        counts.append(len([s for s in statements if "BEGIN" not in s and "COMMIT" not in s]))
    assert counts[0] == counts[1] <= 7, statements


async def test_much_at_once_is_fetched_ahead_and_applied_in_order(shop: Shop) -> None:
    shop.log.put(*[fact(f"c{n % 3}", n // 3 + 1) for n in range(6000)])
    zombie = shop.another()
    await zombie.step(0)  # it has the next 2,000 in hand
    await shop.drain()
    await shop.drain(zombie)
    assert [await shop.seen(f"c{n}") for n in range(3)] == [list(range(1, 2001))] * 3


async def test_two_at_once_do_not_double(shop: Shop) -> None:
    """Both read everything; the compare-and-set lets each batch through once."""
    shop.log.put(*[fact(f"c{n % 7}", n // 7 + 1) for n in range(700)])
    other = shop.another(Effects())
    runs = [asyncio.create_task(p.run()) for p in (shop.projector, other)]
    for n in range(7):
        assert await shop.progress.caught_up(Position("profile", f"c{n}", 100), timedelta(seconds=20))
    for projector in (shop.projector, other):
        projector.stop()
    await asyncio.gather(*runs)
    assert len(await shop.seen()) == 700
