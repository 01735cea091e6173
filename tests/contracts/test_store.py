"""The store's contract: facts appended once, in order, all or nothing, sealed; the same on every engine."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Double, LargeBinary, MetaData, Table, Text, select, text

from libs.events.envelope import Event
from libs.events.store.instants import Instant
from libs.events.store.opening import open_database
from libs.events.store.outbox import Row
from libs.events.units import Answer, Outcome, Position, Receipt, Request, Unit, Verdict
from tests.support.shop import AT, Buy, Fail, Forget, Name, one
from tests.support.stores import Opened, open_store


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [o.verdicts[-1].status for o in outcomes]


async def outbox(opened: Opened) -> list[Row]:
    async with opened.outbox.claim(10_000) as batches:
        return [row async for rows in batches for row in rows]


async def test_a_fact_is_appended_once_however_often_it_is_asked_for(opened: Opened) -> None:
    unit = one("c1", Buy(at=AT, order="o1"), "k1")
    first = await opened.store.execute(unit)
    again = await opened.store.execute(unit)
    assert first.verdicts[0].status == "appended"
    assert again.verdicts[0].status == "already"
    assert again.position == first.position == Position("profile", "c1", 1)
    assert again.verdicts[0].events == first.verdicts[0].events
    assert len(await opened.store.history("c1")) == 1
    assert len(await outbox(opened)) == 1


async def test_another_command_with_a_taken_unique_name_is_already(opened: Opened) -> None:
    first = await opened.store.execute(one("c1", Buy(at=AT, order="o1"), "k1"))
    other = await opened.store.execute(one("c1", Buy(at=AT, order="o1", amount="9.00"), "k2"))
    assert other.verdicts[0].status == "already"
    assert other.position == first.position
    assert first.position is not None
    assert await opened.store.find(["test k2"]) == {"test k2": first.position}


async def test_what_is_needed_and_not_there_is_parked_and_named(opened: Opened) -> None:
    refund = one("c1", Buy(at=AT, order="r1", refund_of="o1"), "k2")
    early = await opened.store.execute(refund)
    assert early.verdicts[0].status == "parked"
    assert early.verdicts[0].refusal is not None
    assert getattr(early.verdicts[0].refusal, "waits_for", "") == "order:c1:o1"
    await opened.store.execute(one("c1", Buy(at=AT, order="o1"), "k1"))
    assert (await opened.store.execute(refund)).verdicts[0].status == "appended"


async def test_sequences_count_without_gaps_and_recorded_never_goes_back(opened: Opened) -> None:
    clock: Any = opened.clock
    await opened.store.execute(one("c1", Buy(at=AT, order="a", times=3), "k1"))
    clock.advance(timedelta(hours=-1))
    await opened.store.execute(one("c1", Buy(at=AT, order="b"), "k2"))
    facts = await opened.store.history("c1")
    assert [f.sequence for f in facts] == [1, 2, 3, 4]
    assert [f.recorded for f in facts] == sorted(f.recorded for f in facts)
    assert [f.key for f in facts] == ["k1", "k1.1", "k1.2", "k2"]


async def test_what_comes_about_aside_has_no_part_in_the_numbers_of_what_was_told(opened: Opened) -> None:
    """Whoever is heard of first opens a bare record; the keys of what was told are the same whoever that is."""
    for subject, orders in (("c1", "ab"), ("c2", "ba")):
        for order in orders:
            buy = Buy(at=AT, order=f"{subject} {order}", times=2, opening=True)
            await opened.store.execute(one(subject, buy, f"{subject} {order}"))
    for subject in ("c1", "c2"):
        keys = [f.key for f in await opened.store.history(subject) if f.type == "customer.purchased"]
        assert sorted(keys) == [f"{subject} a", f"{subject} a.1", f"{subject} b", f"{subject} b.1"]


async def test_a_unit_holds_together_or_not_at_all(opened: Opened) -> None:
    def both(second: Any) -> Unit:
        return Unit((
            Request("c1", Buy(at=AT, order="o1"), "u1", "u1"), Request("c2", second, "u2", "u2"),
        ))  # fmt: skip

    refused = await opened.store.execute(both(Fail(at=AT)))
    assert [v.status for v in refused.verdicts] == ["appended", "conflict"]
    assert refused.refusal is not None
    assert await opened.store.history("c1") == []
    assert await outbox(opened) == []
    done = await opened.store.execute(both(Buy(at=AT, order="o2")))
    assert [v.status for v in done.verdicts] == ["appended", "appended"]


async def test_one_bad_of_sixty_four_leaves_sixty_three(opened: Opened) -> None:
    units = [one(f"c{i % 7}", Buy(at=AT, order=f"o{i}"), f"k{i}") for i in range(64)]
    units[20] = one("c1", Fail(at=AT), "bad")
    units[40] = one("c2", Fail(at=AT, refuse=False), "bug")
    outcomes = await opened.store.execute_all(units)
    assert statuses(outcomes) == ["conflict" if i == 20 else "invalid" if i == 40 else "appended" for i in range(64)]
    together = await asyncio.gather(*(opened.store.execute(u) for u in units), return_exceptions=True)
    assert sum(isinstance(t, Outcome) and t.verdicts[-1].status == "already" for t in together) == 62
    assert sum(isinstance(t, RuntimeError) for t in together) == 1


async def test_a_database_error_of_one_unit_spares_its_group(opened: Opened) -> None:
    # NUL cannot be stored as text in PostgreSQL; bodies refuse it, so only a bug gets this far
    units = [one("c\x00" if i == 3 else f"c{i}", Buy(at=AT, order=f"o{i}"), f"k{i}") for i in range(8)]
    outcomes = await opened.store.execute_all(units)
    good = [s for i, s in enumerate(statuses(outcomes)) if i != 3]
    assert good == ["appended"] * 7


async def test_concurrent_callers_of_one_subject_all_land_in_order(opened: Opened) -> None:
    outcomes = await asyncio.gather(
        *(opened.store.execute(one("c1", Buy(at=AT, order=f"o{i}"), f"k{i}")) for i in range(200))
    )
    assert sorted(o.position.sequence for o in outcomes if o.position) == list(range(1, 201))
    loaded = (await opened.store.load(["c1"]))["c1"]
    assert loaded.state.bought == 200
    assert loaded.sequence == 200


async def test_the_same_key_for_two_subjects_at_once_lands_once(opened: Opened) -> None:
    async with open_store(opened.url, clock=opened.clock) as rival:
        for i in range(10):
            pair = await asyncio.gather(
                opened.store.execute(Unit((Request("a", Buy(at=AT, order=f"o{i}"), f"same {i}", "k"),))),
                rival.store.execute(Unit((Request("b", Buy(at=AT, order=f"o{i}"), f"same {i}", "k"),))),
            )
            assert sorted(o.verdicts[0].status for o in pair) == ["already", "appended"]


async def test_personal_fields_are_sealed_wherever_they_lie(opened: Opened) -> None:
    await opened.store.execute(one("c1", Name(at=AT, name="Nguyễn Thị Đỗ"), "k1"))
    assert (await opened.store.load(["c1"]))["c1"].state.name == "Nguyễn Thị Đỗ"
    assert (await opened.store.history("c1"))[0].data["name"] == "Nguyễn Thị Đỗ"
    raw = b""
    async with opened.database.read() as reader:
        for table in ("events", "outbox", "subjects", "names", "vault_keys"):
            for row in (await reader.conn.execute(text(f"SELECT * FROM {table}"))).all():
                raw += repr(tuple(row)).encode()
    assert b"Nguy" not in raw
    (record,) = await outbox(opened)
    assert b'{"kind":"external","name":{"sealed":"' in bytes(record[3])


async def test_erasing_shreds_what_was_sealed_and_refuses_what_is_older(opened: Opened) -> None:
    await opened.store.execute(one("c1", Name(at=AT, name="Lan"), "k1"))
    later = AT + timedelta(hours=1)
    await opened.store.execute(one("c1", Forget(at=later), "k2", erases=True))
    loaded = (await opened.store.load(["c1"]))["c1"]
    assert loaded.erased_before == later
    assert (await opened.store.history("c1"))[0].data["name"] is None
    old = await opened.store.execute(one("c1", Buy(at=AT, order="o"), "k3"))
    new = await opened.store.execute(one("c1", Buy(at=later + timedelta(hours=1), order="o"), "k4"))
    assert (old.verdicts[0].status, new.verdicts[0].status) == ("erased", "erased")
    assert old.verdicts[0].refusal is not None
    assert new.verdicts[0].refusal is not None
    assert (old.verdicts[0].refusal.extra, new.verdicts[0].refusal.extra) == ({"anew": False}, {"anew": True})


async def test_an_answer_is_remembered_with_the_append(opened: Opened) -> None:
    def unit(fingerprint: bytes, key: str = "k1") -> Unit:
        def render(verdicts: Any) -> Answer:
            return Answer(201, b'{"id":"' + key.encode() + b'"}', '"1"')

        return Unit(one("c1", Name(at=AT, name="Lan"), key).requests, Receipt("http key", fingerprint, render))

    first = await opened.store.execute(unit(b"one"))
    again = await opened.store.execute(unit(b"one", "another"))
    other = await opened.store.execute(unit(b"two"))
    assert (first.replayed, again.replayed, other.mismatch) == (False, True, True)
    assert again.answer == first.answer
    assert again.position == first.position


async def test_a_refusal_is_not_remembered(opened: Opened) -> None:
    def unit(command: Any) -> Unit:
        receipt = Receipt("http key", b"f", lambda verdicts: Answer(201, b"{}"))
        return Unit(one("c1", command, "k").requests, receipt)

    assert (await opened.store.execute(unit(Fail(at=AT)))).verdicts[0].status == "conflict"
    assert (await opened.store.execute(unit(Buy(at=AT, order="o")))).verdicts[0].status == "appended"


async def test_a_snapshot_of_another_version_is_folded_again(database_url: str) -> None:
    from tests.support.shop import Shop

    async with open_store(database_url) as opened:
        await opened.store.execute(one("c1", Buy(at=AT, order="a", times=3), "k1"))
        await opened.store.execute(one("c1", Name(at=AT, name="Lan"), "k2"))
    newer = Shop()
    newer.version = 2
    async with open_store(database_url, decider=newer) as opened:
        state = (await opened.store.load(["c1"]))["c1"].state
        assert (state.bought, state.name) == (3, "Lan")
        await opened.store.execute(one("c1", Buy(at=AT, order="b"), "k3"))
        assert (await opened.store.load(["c1"]))["c1"].state.bought == 4


async def test_names_find_positions(opened: Opened) -> None:
    await opened.store.execute(one("c1", Buy(at=AT, order="a", times=2), "k1"))
    found = await opened.store.find(["item:a:1", "order:c1:a", "nothing"])
    assert found == {"item:a:1": Position("profile", "c1", 2), "order:c1:a": Position("profile", "c1", 2)}


async def test_what_is_read_from_the_outbox_reads_back_as_events(opened: Opened) -> None:
    from libs.events.relay import outgoing

    await opened.store.execute(one("c1", Buy(at=AT, order="a", times=2), "k1"))
    records = [outgoing(row) for row in await outbox(opened)]
    events = [Event.from_record(dict(r.headers), r.value) for r in records]
    assert events == await opened.store.history("c1")
    assert {r.key for r in records} == {b"c1"}
    assert await outbox(opened) == []


async def test_many_rows_are_appended_all_or_none_and_emptied(opened: Opened) -> None:
    rows = [(b"n%d" % n, "c1", n, None, 1.5 * n) for n in range(300)]
    table = Table(
        "many", MetaData(), Column("name", LargeBinary, primary_key=True), Column("subject", Text),
        Column("sequence", BigInteger), Column("recorded", Instant), Column("share", Double),
    )  # fmt: skip
    await opened.database.create(table.metadata)

    async def stored() -> list[Any]:
        async with opened.database.read() as reader:
            return sorted(map(tuple, (await reader.conn.execute(select(table))).all()), key=lambda row: row[2])

    timed = [(*row[:3], AT, row[4]) for row in rows]
    async with opened.database.begin() as tx:
        await tx.append(table, [row[:4] for row in rows[:150]], columns=("name", "subject", "sequence", "recorded"))
        await tx.append(table, timed[150:])
    assert await stored() == [(*row[:4], None) for row in rows[:150]] + timed[150:]
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with opened.database.begin() as tx:
            await tx.append(table, [(b"new%d" % n, *row[1:]) for n, row in enumerate(rows)] + rows[:1])
    assert len(await stored()) == 300
    async with opened.database.begin() as tx:
        await tx.empty([table])
    assert await stored() == []


async def test_tables_are_emptied_while_a_backup_reads_them(opened: Opened) -> None:
    database = opened.database
    table = Table("backed_up", MetaData(), Column("name", Text, primary_key=True))
    await database.create(table.metadata)
    async with database.begin() as tx:
        await tx.append(table, [("an",), ("bo",)])
    backup = database.begin if database.dialect == "postgresql" else database.read
    async with backup() as reader:
        assert len((await reader.conn.execute(select(table))).all()) == 2
        async with database.begin() as tx:
            await tx.empty([table])
            await tx.append(table, [("an",)])
    async with database.read() as after:
        assert [tuple(row) for row in (await after.conn.execute(select(table))).all()] == [("an",)]


@pytest.mark.filterwarnings("error")
async def test_who_closes_waits_for_what_is_under_way(database_url: str) -> None:
    database = open_database(database_url)

    async def read() -> None:
        async with database.read() as reader:
            reading.set()
            await asyncio.sleep(0.05)
            assert (await reader.conn.execute(text("SELECT 1"))).scalar_one() == 1

    reading = asyncio.Event()
    busy = asyncio.create_task(read())
    await reading.wait()
    await database.close()
    await busy
    gc.collect()  # a connection that nobody closed would tell


async def test_an_effect_inside_another_transaction_goes_with_it(opened: Opened) -> None:
    unit = one("c1", Buy(at=AT, order="a"), "k1")
    with pytest.raises(RuntimeError):
        async with opened.database.begin() as tx:
            outcomes = await opened.store.execute_in(tx, [unit])
            assert outcomes[0].verdicts[0] == Verdict(
                "appended", Position("profile", "c1", 1), outcomes[0].verdicts[0].events, outcomes[0].verdicts[0].state
            )
            raise RuntimeError
    assert await opened.store.history("c1") == []


async def test_a_restored_store_writes_in_a_new_epoch(opened: Opened) -> None:
    from libs.events.store.epochs import begin_epoch, current_epoch

    await opened.store.execute(one("c1", Buy(at=AT, order="a"), "k1"))
    assert await current_epoch(opened.database) == 0
    opened.store.in_epoch(await begin_epoch(opened.database))
    await opened.store.execute(one("c1", Buy(at=AT, order="b"), "k2"))
    assert [f.epoch for f in await opened.store.history("c1")] == [0, 1]
    assert await begin_epoch(opened.database) == await current_epoch(opened.database) == 2


async def test_what_another_process_did_since_counts(opened: Opened) -> None:
    """Who came often is remembered; nothing is decided on what is no longer so."""
    async with open_store(opened.url, clock=opened.clock) as rival:
        await opened.store.execute(one("c1", Name(at=AT, name="Lan"), "k1"))
        await rival.store.execute(one("c1", Name(at=AT, name="Mai"), "k2"))
        # to whom remembers Lan this changes nothing, and it is no repetition
        back = await opened.store.execute(one("c1", Name(at=AT, name="Lan"), "k3"))
        assert (back.verdicts[0].status, back.position) == ("appended", Position("profile", "c1", 3))
        await rival.store.execute(one("c1", Buy(at=AT, order="o1"), "k4"))
        bought = await opened.store.execute(one("c1", Buy(at=AT, order="o2"), "k5"))
        assert (bought.position, bought.verdicts[0].state.bought) == (Position("profile", "c1", 5), 2)
        same = await rival.store.execute(one("c1", Buy(at=AT, order="o2"), "k6"))
        assert (same.verdicts[0].status, same.position) == ("already", bought.position)


async def test_who_was_erased_by_another_process_is_not_written_to(opened: Opened) -> None:
    async with open_store(opened.url, clock=opened.clock) as rival:
        await opened.store.execute(one("c1", Name(at=AT, name="Lan"), "k1"))
        await rival.store.execute(one("c1", Forget(at=AT + timedelta(hours=1)), "k2", erases=True))
        late = await opened.store.execute(one("c1", Buy(at=AT, order="o1"), "k3"))
        assert late.verdicts[0].status == "erased"
        assert len(await opened.store.history("c1")) == 1


async def test_two_processes_with_many_callers_each_land_everything_in_order(opened: Opened) -> None:
    async with open_store(opened.url, clock=opened.clock) as rival:
        outcomes = await asyncio.gather(*(
            (rival if i % 2 else opened).store.execute(one(f"c{i % 5}", Buy(at=AT, order=f"o{i}"), f"k{i}"))
            for i in range(100)
        ))  # fmt: skip
    positions = [o.position for o in outcomes if o.position]
    for k in range(5):
        assert sorted(p.sequence for p in positions if p.subject == f"c{k}") == list(range(1, 21))
        facts = await opened.store.history(f"c{k}")
        assert [f.sequence for f in facts] == list(range(1, 21))
    assert {s: f.state.bought for s, f in (await opened.store.load([f"c{k}" for k in range(5)])).items()} == {
        f"c{k}": 20 for k in range(5)
    }
