"""Poison stops one subject, not the line; the operator lets it go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libs.events.consuming import rebuild
from libs.events.consuming.quarantine import Unknown
from libs.events.consuming.tables import quarantine, waiting
from libs.events.log import Outgoing
from tests.libs.events.consuming.conftest import Shop
from tests.support.facts import fact, outgoing


def many(subjects: int, each: int) -> list[object]:
    return [fact(f"c{s}", n) for n in range(1, each + 1) for s in range(subjects)]


async def poisoned(shop: Shop, *ids: str) -> None:
    shop.view.poison = set(ids)
    shop.log.put(*many(10, 5))  # type: ignore[arg-type]
    await shop.drain()


async def test_a_bad_fact_stops_its_subject_and_nobody_else(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0", "c7-1-0")
    assert await shop.seen("c3") == [1]
    assert await shop.seen("c7") == []
    assert len(await shop.seen()) == 8 * 5 + 1
    rows = await shop.rows(quarantine)
    assert {(r.subject, r.sequence, r.reason, r.error, r.kind) for r in rows} == {
        ("c3", 2, "cannot_apply", "KeyError", "fact"), ("c7", 1, "cannot_apply", "KeyError", "fact"),
    }  # fmt: skip
    assert len(await shop.rows(waiting)) == 3 + 4
    shop.log.put(fact("c3", 6), fact("c4", 6), fact("c3", 2))  # more behind it, and the bad one again
    await shop.drain()
    assert await shop.seen("c3") == [1]
    assert await shop.seen("c4") == [1, 2, 3, 4, 5, 6]
    assert len(await shop.rows(quarantine)) == 2


async def test_finding_the_culprits_costs_transactions_by_the_logarithm(shop: Shop) -> None:
    shop.view.poison = {"c3-2-0"}
    shop.log.put(*[fact(f"c{s}", n) for n in (1, 2) for s in range(500)])
    shop.view.batches.clear()
    await shop.drain()
    assert len(await shop.seen()) == 999
    assert len(shop.view.batches) < 40


async def test_a_retry_after_the_cause_is_mended_lets_all_that_waited_flow(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0")
    (entry,) = await shop.quarantine.list(consumer="views")
    shown = await shop.quarantine.show(entry.id)
    assert shown.record is not None
    assert shown.record.value == outgoing(fact("c3", 2)).value
    await shop.quarantine.retry(entry.id)
    await shop.tend()
    assert await shop.seen("c3") == [1]  # not mended yet
    (again,) = await shop.quarantine.list()
    assert (again.id, again.state, again.attempts) == (entry.id, "open", 2)
    shop.view.poison = set()
    await shop.quarantine.retry(entry.id)
    await shop.tend()
    assert await shop.seen("c3") == [1, 2, 3, 4, 5]
    assert await shop.quarantine.list() == []
    assert await shop.rows(waiting) == []


async def test_a_discard_leaves_it_out_for_good_and_rebuilds_honour_it(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0")
    (entry,) = await shop.quarantine.list()
    await shop.quarantine.discard(entry.id)
    await shop.tend()
    assert await shop.seen("c3") == [1, 3, 4, 5]
    assert await shop.quarantine.list() == []
    shop.view.poison = set()
    await rebuild(shop.database, [shop.view])
    await shop.tend()
    await shop.drain()
    assert await shop.seen("c3") == [1, 3, 4, 5]
    with pytest.raises(Unknown):
        await shop.quarantine.discard(entry.id)


async def test_a_rebuild_keeps_what_stands_in_quarantine_there(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0")
    shop.view.poison = set()
    await rebuild(shop.database, [shop.view])
    await shop.tend()
    await shop.drain()
    assert await shop.seen("c3") == [1]
    assert len(await shop.seen()) == 46
    await shop.quarantine.retry((await shop.quarantine.list())[0].id)
    await shop.tend()
    assert await shop.seen("c3") == [1, 2, 3, 4, 5]


async def test_two_bad_facts_of_one_subject_are_decided_one_after_another(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0", "c3-4-0")
    (first,) = await shop.quarantine.list()
    await shop.quarantine.discard(first.id)
    await shop.tend()
    assert await shop.seen("c3") == [1, 3]
    (second,) = await shop.quarantine.list()
    assert second.sequence == 4
    await shop.quarantine.discard(second.id)
    await shop.tend()
    assert await shop.seen("c3") == [1, 3, 5]


async def test_a_bad_fact_among_those_that_waited_is_found_too(shop: Shop) -> None:
    shop.view.poison = {"c1-40-0"}
    shop.log.put(*[fact("c1", n) for n in range(2, 60)])
    await shop.drain()
    shop.log.put(fact("c1", 1))
    await shop.drain()
    assert await shop.seen() == list(range(1, 40))
    (entry,) = await shop.quarantine.list()
    assert entry.sequence == 40
    await shop.quarantine.discard(entry.id)
    await shop.tend()
    assert await shop.seen() == [*range(1, 40), *range(41, 60)]


async def test_a_record_that_is_no_fact_holds_up_nobody_unless_it_names_its_place(shop: Shop) -> None:
    good = outgoing(fact("c1", 2))
    broken = Outgoing(good.key, b"{not json", good.headers)
    shop.log.put(Outgoing(b"x", b"\xff", []), fact("c1", 1), broken, fact("c1", 3), fact("c2", 1))
    await shop.drain()
    assert await shop.seen("c1") == [1]
    assert await shop.seen("c2") == [1]
    kinds = {r.kind: r for r in await shop.rows(quarantine)}
    assert kinds.keys() == {"record", "fact"}
    assert (kinds["fact"].subject, kinds["fact"].sequence, kinds["fact"].event_id) == ("c1", 2, "c1-2-0")
    await shop.quarantine.retry(kinds["fact"].id)
    await shop.tend()
    assert len(await shop.quarantine.list()) == 2
    shop.log.put(fact("c1", 2))  # told again, and this time well
    await shop.drain()
    assert await shop.seen("c1") == [1, 2, 3]
    assert [e.kind for e in await shop.quarantine.list()] == ["record"]
    await shop.quarantine.discard(kinds["record"].id)
    await shop.tend()
    assert await shop.quarantine.list() == []


async def test_a_type_or_version_nobody_knows_is_quarantined(shop: Shop) -> None:
    shop.log.put(fact("c1", 1, type="customer.cloned"), fact("c2", 1, version=9), fact("c3", 1, type="nonsense\x00"))
    await shop.drain()
    assert sorted(r.reason for r in await shop.rows(quarantine)) == ["unknown_type"] * 3
    assert await shop.seen() == []


@pytest.mark.parametrize("strange", [
    {"subject": "c\x00"}, {"id": ""}, {"sequence": 0}, {"sequence": 2**70}, {"subject": "x" * 400}, {"epoch": -1},
])  # fmt: skip
async def test_what_no_table_could_keep_is_refused_before(shop: Shop, strange: dict[str, object]) -> None:
    values: dict[str, object] = {"subject": "c1", "sequence": 1}
    shop.log.put(fact(**(values | strange)), fact("c2", 1))  # type: ignore[arg-type]
    await shop.drain()
    assert await shop.seen() == [1]
    assert len(await shop.rows(quarantine)) == 1


async def test_bytes_are_sealed_and_go_after_their_time(shop: Shop) -> None:
    await poisoned(shop, "c3-2-0")
    (row,) = await shop.rows(quarantine)
    assert b"amount" not in bytes(row.raw)
    shop.clock.advance(timedelta(days=31))
    shop.projector._tending._purge_next = 0
    await shop.tend()
    (row,) = await shop.rows(quarantine)
    assert row.raw is None
    await shop.quarantine.retry(row.id)
    await shop.tend()
    (row,) = await shop.rows(quarantine)
    assert (row.state, row.reason) == ("open", "expired")
    shop.view.poison = set()
    shop.log.put(fact("c3", 2))  # a republish tells it again
    await shop.tend()
    await shop.drain()
    assert await shop.seen("c3") == [1, 2, 3, 4, 5]
