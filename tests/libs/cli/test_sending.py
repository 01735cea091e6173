"""Sending: retried until it is certain, in order for each customer, and never without an end."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
import pytest

from libs.cli.address import Address
from libs.cli.sending.lanes import Parcel, pour
from libs.cli.sending.retrying import GaveUp, Retrying
from libs.cli.sending.sender import BATCH, NotServed, Sender
from libs.cli.sending.verdicts import Verdict
from tests.libs.cli.door import KEY, Door, invalid


class Pauses:
    """Notes the pauses instead of making them."""

    def __init__(self) -> None:
        self.made: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.made.append(seconds)


def encoded(*numbers: int, whose: str = "pos:1") -> list[bytes]:
    return [orjson.dumps({"id": str(n), "source": "/test", "subject": whose}) for n in numbers]


def send(door: Door, events: Sequence[bytes], *, key: str = KEY, patience: float = 60) -> tuple[list[Verdict], Pauses]:
    pauses = Pauses()

    async def run() -> list[Verdict]:
        retrying = Retrying(patience=patience, sleep=pauses, chance=lambda: 1.0)
        async with Sender(Address(door.url, key), retrying=retrying) as sender:
            return await sender.send("customers", events)

    return asyncio.run(run()), pauses


def test_a_batch_is_posted_and_told(door: Door) -> None:
    door.judge = lambda e: invalid("/data/order", "missing", "is missing") if e["id"] == "2" else {}
    verdicts, _ = send(door, encoded(1, 2, 3))
    assert [v.status for v in verdicts] == ["appended", "invalid", "appended"]
    assert [(f.pointer, f.code) for f in verdicts[1].faults] == [("/data/order", "missing")]
    (posted,) = door.posted
    assert posted.path == "/v1/events/customers"
    assert posted.headers["Content-Type"] == BATCH
    assert posted.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("trouble", [503, 429, 502, 504, "drop"])
def test_what_is_not_certain_is_sent_again(door: Door, trouble: int | str) -> None:
    door.trouble = [trouble, trouble]
    verdicts, pauses = send(door, encoded(1))
    assert [v.status for v in verdicts] == ["appended"]
    assert pauses.made == [0.2, 0.4]


def test_what_was_taken_before_the_connection_broke_is_not_taken_twice(door: Door) -> None:
    door.trouble = ["taken"]
    verdicts, _ = send(door, encoded(1, 2))
    assert [v.status for v in verdicts] == ["already", "already"]
    assert len(door.taken) == 2


def test_the_server_says_how_long_to_wait(door: Door) -> None:
    door.trouble, door.retry_after = [429], "7"
    _, pauses = send(door, encoded(1))
    assert pauses.made == [7.0]


def test_patience_ends(door: Door) -> None:
    door.trouble = [503] * 99
    with pytest.raises(GaveUp, match="503"):
        send(door, encoded(1), patience=2.9)
    assert len(door.posted) == 4


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_what_would_not_change_is_not_repeated(door: Door, status: int) -> None:
    door.trouble = [status]
    with pytest.raises(NotServed):
        send(door, encoded(1))
    assert len(door.posted) == 1


def test_an_event_that_spoils_its_batch_is_found_and_the_others_go_through(door: Door) -> None:
    # the whole of four, then its first half, then each of that half: the first of them is at fault
    door.trouble = [413, 422, 422]
    verdicts, _ = send(door, encoded(1, 2, 3, 4))
    assert [v.status for v in verdicts] == ["invalid", "appended", "appended", "appended"]
    assert verdicts[0].faults[0].code == "trouble"


def test_nobody_there(door: Door) -> None:
    async def greet(url: str, key: str) -> None:
        async with Sender(Address(url, key)) as sender:
            await sender.greet()

    asyncio.run(greet(door.url, KEY))
    with pytest.raises(NotServed, match="key"):
        asyncio.run(greet(door.url, "cl_other"))
    with pytest.raises(NotServed, match="no server"):
        asyncio.run(greet("http://127.0.0.1:9", KEY))


def pouring(door: Door, parcels: Sequence[Parcel[int]], **more: Any) -> dict[int, str]:
    told: dict[int, str] = {}

    def tell(some: Sequence[Parcel[int]], verdicts: Sequence[Verdict]) -> None:
        told.update((p.known_as, v.status) for p, v in zip(some, verdicts, strict=True))

    async def run() -> None:
        async with Sender(Address(door.url, KEY), retrying=Retrying(sleep=Pauses())) as sender:
            await pour(parcels, sender, tell, **more)

    asyncio.run(run())
    return told


def parcel(number: int, whose: str, door: str = "customers") -> Parcel[int]:
    return Parcel(door, whose, encoded(number, whose=whose)[0], number)


def test_every_parcel_is_told_and_each_customers_come_in_order(door: Door) -> None:
    door.trouble = [0, 503, "drop", 0, 503]
    told = pouring(door, [parcel(n, f"pos:{n % 7}") for n in range(300)], batch=10)
    assert told.keys() == set(range(300))
    assert set(told.values()) <= {"appended", "already"}
    came = defaultdict(list)
    for event in door.events:
        came[event["subject"]].append(int(event["id"]))
    for numbers in came.values():
        first = list(dict.fromkeys(numbers))
        assert first == sorted(first)


def test_several_batches_are_in_flight(door: Door) -> None:
    together = threading.Barrier(3, timeout=10)

    async def run() -> None:
        async def post(request: httpx.Request) -> httpx.Response:
            await asyncio.to_thread(together.wait)
            results = [{"index": i, "status": "appended"} for i, _ in enumerate(orjson.loads(request.content))]
            return httpx.Response(200, json={"results": results})

        async with Sender(Address(door.url, KEY)) as sender:
            sender.client = httpx.AsyncClient(transport=httpx.MockTransport(post), base_url=door.url)
            parcels = [parcel(n, f"pos:{n}") for n in range(30)]
            await pour(parcels, sender, lambda some, verdicts: None, batch=30, lanes=3)

    asyncio.run(run())


def test_a_lane_that_fails_ends_the_work(door: Door) -> None:
    door.trouble = [401]
    with pytest.raises(NotServed):
        pouring(door, [parcel(n, f"pos:{n % 7}") for n in range(300)], batch=10)


def test_batches_keep_within_their_limits(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.cli.sending.lanes.MOST_BYTES", 200)
    pouring(door, [parcel(n, "pos:1", "care" if n % 2 else "customers") for n in range(40)], batch=9)
    assert max(len(p.body) for p in door.posted) <= 202
    assert {p.path for p in door.posted} == {"/v1/events/care", "/v1/events/customers"}
