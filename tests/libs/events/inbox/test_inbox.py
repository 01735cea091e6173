"""The inbox: by topic or by call, in any order and however often, each event is taken once, or told why not."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from libs.events.consuming.tables import offsets, quarantine
from libs.events.inbox.tables import parked
from libs.events.log import Outgoing, Slot
from libs.events.units import Position
from tests.libs.events.inbox.conftest import IDENTITIES, TOPIC, Office, binary, event, structured

ME = IDENTITIES.of_reference("pos:1")


async def test_an_event_is_taken_by_topic_in_every_mode_and_by_call(office: Office) -> None:
    batch = structured([event("e3"), event("e4")], "application/cloudevents-batch+json; charset=UTF-8")
    bare = Outgoing(b"", structured(event("e5")).value, [])
    office.publish(event("e1"), binary(event("e2")), batch, bare)
    await office.drain()
    told = await office.inbox.take([event("e6"), event("e1")])
    assert [t["status"] for t in told] == ["appended", "already"]
    assert await office.history() == ["e1", "e2", "e3", "e4", "e5", "e6"]
    assert told[0]["position"] == Position("profile", ME, 6).token()
    assert told[1]["position"] == Position("profile", ME, 1).token()
    for n in range(1, 7):
        assert await office.status(f"e{n}") == "appended"
    assert await office.status("e7") == "unknown"
    assert [r.next_offset for r in await office.rows(offsets)] == [4]


async def test_scrambled_and_repeated_events_are_taken_once_each(office: Office) -> None:
    chance = random.Random(7)
    events = [event(f"e{n}", subject=f"pos:{n % 5}") for n in range(40)]
    stream = chance.sample(events * 3, 120)
    for n, one in enumerate(stream):
        office.publish(one if n % 2 else binary(one), partition=n % 3)
    await office.drain(6)
    for customer in range(5):
        theirs = sorted(f"e{n}" for n in range(40) if n % 5 == customer)
        assert sorted(await office.history(f"pos:{customer}")) == theirs
    assert await office.rows(quarantine) == []


async def test_reading_a_batch_again_after_a_crash_changes_nothing(office: Office) -> None:
    office.publish(event("e1"), event("e2", refund_of="e9"), {"specversion": "1.0"})
    await office.drain(1)
    async with office.opened.database.begin() as tx:  # as if the offset had not been committed
        await tx.conn.execute(offsets.update().values(next_offset=0))
    await office.restarted().drain(2)
    assert await office.history() == ["e1"]
    assert len(await office.rows(parked)) == 1
    assert len(await office.rows(quarantine)) == 1


async def test_a_zombie_moves_no_offset(office: Office) -> None:
    office.publish(event("e1"))
    await office.drain(1)
    zombie = office.restarted()
    slot = Slot(TOPIC, 0, "life-1")
    office.log.consumers[-1].stray = [{slot: office.log.records[TOPIC, 0][:1]}]
    office.publish(event("e2"))
    await office.drain(1)
    assert await zombie.consumer.step(0) == 0
    assert [r.next_offset for r in await office.rows(offsets)] == [2]


async def test_what_comes_too_early_is_parked_and_taken_when_that_has_come(office: Office) -> None:
    office.publish(event("r2", refund_of="r1"), event("r1", refund_of="e1"))
    await office.drain()
    assert await office.history() == []
    assert [await office.status(x) for x in ("r1", "r2")] == ["parked", "parked"]
    restarted = office.restarted()
    restarted.publish(event("e1"))
    await restarted.drain()
    assert await office.history() == ["e1", "r1", "r2"]
    assert [await office.status(x) for x in ("r1", "r2")] == ["appended", "appended"]
    assert await office.rows(parked) == []


async def test_within_one_batch_nothing_needs_to_be_parked(office: Office) -> None:
    told = await office.inbox.take([
        event("s1", "customer.won_back", by="e1"), event("r1", refund_of="e1"), event("e1"),
    ])  # fmt: skip
    assert [t["status"] for t in told] == ["appended"] * 3
    assert await office.history() == ["e1", "step-e1", "r1"]


async def test_parked_by_a_call_and_woken_by_a_call_in_another_process(office: Office) -> None:
    (told,) = await office.inbox.take([event("r1", refund_of="e1")])
    assert told["status"] == "parked"
    assert told["problem"]["code"] == "not_yet"
    worker = office.restarted()
    await worker.drain(1)
    assert await office.inbox.status("/shop", "r1") == {"status": "parked", "reason": "not_yet"}
    await office.inbox.take([event("e1")])
    await worker.drain(1)
    assert await office.history() == ["e1", "r1"]


async def test_what_waits_too_long_is_quarantined(office: Office) -> None:
    office.publish(event("r1", refund_of="e1"))
    await office.drain()
    office.clock.advance(timedelta(hours=71))
    await office.drain()
    assert await office.status("r1") == "parked"
    office.clock.advance(timedelta(hours=2))
    await office.drain()
    assert await office.inbox.status("/shop", "r1") == {"status": "quarantined", "reason": "never_came"}
    (entry,) = await office.quarantine.list()
    await office.inbox.take([event("e1")])
    await office.quarantine.retry(entry.id)
    await office.drain()
    assert await office.status("r1") == "appended"
    assert await office.quarantine.list() == []


BOUGHT = {"order": "o", "amount": {"amount": "1", "currency": "USD"}}


@pytest.mark.parametrize(("wrong", "reason"), [
    ({"specversion": "0.3"}, "wrong_specversion"),
    ({"id": ""}, "malformed"),
    ({"id": None}, "malformed"),
    ({"source": "a b"}, "malformed"),
    ({"type": "careledger.customer.cloned"}, "unknown_type"),
    ({"type": "purchased"}, "unknown_type"),
    ({"dataschema": "https://shop.example/schemas/purchase/2"}, "wrong_version"),
    ({"dataschema": "nonsense"}, "wrong_version"),
    ({"time": "yesterday"}, "malformed"),
    ({"time": "2026-03-01T09:00:00"}, "malformed"),
    ({"time": "2026-03-09T09:00:00Z"}, "in_future"),
    ({"datacontenttype": "text/xml"}, "wrong_content_type"),
    ({"data": None}, "invalid"),
    ({"data": {"order": "o"}}, "invalid"),
    ({"data": {"order": 5, "amount": {"amount": "1", "currency": "USD"}}}, "invalid"),
    ({"data": {"order": "x" * 300_000}}, "too_large"),
    ({"subject": None}, "customer_missing"),
    ({"subject": "nonsense"}, "bad_customer"),
    ({"subject": "pos:2", "data": {"order": "o", "amount": {"amount": "1", "currency": "USD"}, "customer": "pos:1"}},
     "other_customer"),
    ({"type": "careledger.customer.lost", "data": {"by": "x"}}, "no"),
    ({"type": "careledger.customer.lost", "data": {"by": "bug"}}, "cannot_apply"),
])  # fmt: skip
async def test_what_is_wrong_is_quarantined_by_topic_and_told_by_call(
    office: Office, wrong: dict[str, object], reason: str
) -> None:
    bad = event("bad") | wrong
    office.publish(bad, event("good"))
    await office.drain()
    assert await office.history() == ["good"]
    (row,) = await office.rows(quarantine)
    assert (row.reason, row.kind, row.consumer) == (reason, "inbound", "inbound")
    assert b"order" not in bytes(row.raw)
    shown = await office.quarantine.show(row.id)
    assert shown.record is not None
    assert shown.record.value == structured(bad).value
    if bad["id"] and bad["source"] == "/shop":
        assert (await office.inbox.status("/shop", "bad"))["reason"] == reason
    (told,) = await office.inbox.take([bad])
    assert told["status"] in ("invalid", "conflict")
    assert "o" in told["problem"]["code"] or "invalid" in told["problem"]["code"]
    assert len(await office.rows(quarantine)) == 1


async def test_bytes_that_are_nothing_are_kept_and_discarded(office: Office) -> None:
    office.publish(Outgoing(b"", b"\xff\xfe", []), Outgoing(b"", b"", [("content-type", b"\xff")]), event("e1"))
    await office.drain()
    assert await office.history() == ["e1"]
    entries = await office.quarantine.list(consumer="inbound")
    assert [e.reason for e in entries] == ["malformed", "malformed"]
    for entry in entries:
        await office.quarantine.discard(entry.id)
    await office.drain()
    assert await office.quarantine.list() == []


async def test_one_bad_event_of_a_batch_leaves_the_others_good(office: Office) -> None:
    office.publish(structured([event("e1"), {"id": "x"}, event("e2"), 5], "application/cloudevents-batch+json"))
    await office.drain()
    assert await office.history() == ["e1", "e2"]
    assert len(await office.rows(quarantine)) == 2


async def test_a_retry_that_fails_again_says_so(office: Office) -> None:
    office.publish(event("bad", "customer.lost", by="bug"))
    await office.drain()
    (entry,) = await office.quarantine.list()
    await office.quarantine.retry(entry.id)
    await office.drain()
    (again,) = await office.quarantine.list()
    assert (again.id, again.state, again.attempts, again.reason) == (entry.id, "open", 2, "cannot_apply")


async def test_quarantined_bytes_go_after_thirty_days(office: Office) -> None:
    office.publish({"id": "x"})
    await office.drain()
    office.clock.advance(timedelta(days=31))
    office.consumer._mending._purge_next = 0
    await office.drain()
    assert await office.rows(quarantine) == []


async def test_a_dry_run_tells_and_keeps_nothing(office: Office) -> None:
    await office.inbox.take([event("e0")])
    told = await office.inbox.take(
        [event("e1"), event("e0"), event("r1", refund_of="e9"), event("r2", refund_of="e1"), {"id": "x"}], dry_run=True
    )
    assert [t["status"] for t in told] == ["appended", "already", "parked", "appended", "invalid"]
    assert await office.history() == ["e0"]
    assert await office.rows(parked) == []


async def test_subject_and_customer_may_be_id_and_reference_of_one_person(office: Office) -> None:
    told = await office.inbox.take([
        event("e1", subject=ME, customer="pos:1"), event("e2", subject="pos:1", customer=ME),
        event("e3", subject=ME.upper()), event("e4", subject=ME, customer=ME.upper()),
        event("e5", subject=IDENTITIES.of_reference("pos:1", 3), customer="pos:1"),
    ])  # fmt: skip
    assert [t["status"] for t in told] == ["appended"] * 5
    assert await office.history() == ["e1", "e2", "e3", "e4", "e5"]


async def test_the_bodys_moment_counts_before_the_events(office: Office) -> None:
    await office.inbox.take([event("e1", at="2026-02-01T00:00:00Z"), event("e2")])
    facts = await office.opened.store.history(ME)
    assert [f.time.isoformat() for f in facts] == ["2026-02-01T00:00:00+00:00", "2026-03-01T09:00:00+00:00"]


async def test_results_hold_nothing_of_what_was_sent(office: Office) -> None:
    secret = "s3cret-value"
    unknown: dict[str, Any] = {secret: 1}
    bad = [event(secret, order=5), event("e", subject=secret), event("e", **unknown), {secret: secret, "id": secret}]
    told = await office.inbox.take(bad)
    assert [t["status"] for t in told] == ["invalid"] * 4
    assert secret not in str(told)


@pytest.mark.parametrize(("wrong", "pointer"), [
    ({"time": "2026-03-09T09:00:00Z"}, "/time"),
    ({"data": BOUGHT | {"at": "2026-03-09T09:00:00Z"}}, "/data/at"),
    ({"subject": "nonsense"}, "/subject"),
    ({"subject": None, "data": BOUGHT | {"customer": "nonsense"}}, "/data/customer"),
])  # fmt: skip
async def test_a_refusal_points_into_the_event_as_it_was_sent(
    office: Office, wrong: dict[str, object], pointer: str
) -> None:
    (told,) = await office.inbox.take([event("bad") | wrong], dry_run=False)
    assert [param["pointer"] for param in told["problem"]["invalid_params"]] == [pointer]
