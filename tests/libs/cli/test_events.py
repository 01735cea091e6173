"""`careledger events`: published records are what the services expect, facts are printed as they stand."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest

from libs.events.catalogue import INBOUND, TOPICS
from libs.events.log import Log, Outgoing, Record, Slot, Topic
from libs.events.log.opening import open_log
from tests.libs.cli.conftest import Careledger
from tests.support.facts import fact, outgoing

T = TypeVar("T")
PURCHASED = "careledger.customer.purchased"


def on_log(url: str, work: Callable[[Log], Awaitable[T]]) -> T:
    async def run() -> T:
        log = open_log(url)
        await log.start()
        try:
            await log.ensure([Topic(name, 3) for name in (*TOPICS.values(), *INBOUND.values())])
            return await work(log)
        finally:
            await log.stop()

    return asyncio.run(run())


@pytest.fixture
def log_url(tmp_path: Path) -> str:
    url = f"embedded://{tmp_path}/log.db"

    async def nothing(log: Log) -> None: ...

    on_log(url, nothing)
    return url


def published(url: str, topic: str) -> list[Record]:
    async def read(log: Log) -> list[Record]:
        async def locate(slots: Any) -> dict[Slot, int]:
            return dict.fromkeys(slots, 0)

        consumer = log.consumer("test", [topic], locate)
        await consumer.start()
        found = [r for records in (await consumer.fetch(100, 0.2)).values() for r in records]
        await consumer.stop()
        return found

    return on_log(url, read)


def lines(path: Path, *events: Any) -> Path:
    path.write_bytes(b"\n".join(orjson.dumps(e) for e in events))
    return path


def cloud_event(name: str, number: int) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "/pos", "type": name, "subject": "pos:1", "data": {}}


def test_events_go_to_the_topic_of_their_type(careledger: Careledger, log_url: str, tmp_path: Path) -> None:
    told = [cloud_event(PURCHASED, 1), cloud_event("careledger.promise.kept", 2), cloud_event(PURCHASED, 3)]
    result = careledger("events", "publish", lines(tmp_path / "e.jsonl", *told), "--log-url", log_url)
    assert result.exit_code == 0, result.output
    records = published(log_url, INBOUND["profile"])
    assert [orjson.loads(r.value) for r in records] == [told[0], told[2]]
    assert {r.key for r in records} == {b"pos:1"}
    assert records[0].headers["content-type"].startswith(b"application/cloudevents+json")
    assert len(published(log_url, INBOUND["care"])) == 1


def test_lines_that_are_no_events_are_told(careledger: Careledger, log_url: str, tmp_path: Path) -> None:
    file = lines(tmp_path / "e.jsonl", cloud_event(PURCHASED, 1), {"type": PURCHASED}, {"type": "x"}, [])
    result = careledger("events", "publish", file, "--log-url", log_url, "--topic", "inbound.care")
    assert result.exit_code == 1
    assert "1 events published, 3 lines" in result.output
    assert len(published(log_url, INBOUND["care"])) == 1


@pytest.mark.parametrize(
    "arguments",
    [("--topic", "inbound.scores"), ("--log-url", "ftp://x"), ("--log-url", "embedded:///no/such/folder/log.db")],
)
def test_where_nothing_can_be_published(careledger: Careledger, tmp_path: Path, log_url: str, arguments: Any) -> None:
    file = lines(tmp_path / "e.jsonl", cloud_event(PURCHASED, 1))
    assert careledger("events", "publish", file, "--log-url", log_url, *arguments).exit_code == 2


def test_facts_are_printed_from_the_start(careledger: Careledger, log_url: str) -> None:
    facts = [fact("a", 1), fact("b", 1), fact("a", 2)]

    async def publish(log: Log) -> None:
        await log.publish(TOPICS["profile"], [outgoing(f) for f in facts])
        await log.publish(TOPICS["care"], [Outgoing(b"k", b"no fact")])

    on_log(log_url, publish)
    result = careledger("events", "tail", "--from-start", "--log-url", log_url)
    assert result.exit_code == 0, result.output
    printed = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert sorted(p["id"] for p in printed) == sorted(f.id for f in facts)
    assert printed[0] == next(f for f in facts if f.id == printed[0]["id"]).structured()
    assert "no fact" in result.stderr
    only = careledger("events", "tail", "--topic", "scores", "--from-start", "--log-url", log_url)
    assert (only.exit_code, only.stdout) == (0, "")
    assert careledger("events", "tail", "--log-url", log_url).stdout == ""
    assert careledger("events", "tail", "--topic", "else", "--log-url", log_url).exit_code == 2
