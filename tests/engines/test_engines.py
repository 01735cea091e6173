"""The engines are what they claim to be: real, fresh for every test, and the same after being killed."""

import asyncio
import os
import uuid

import asyncpg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import missing
from tests.engines import Kafka, Postgres
from tests.engines.postgres import execute


async def fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def produce(address: str, topic: str, value: bytes) -> None:
    admin = AdminClient({"bootstrap.servers": address})           # held until it has answered
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)
    producer = Producer({"bootstrap.servers": address, "acks": "all"})
    producer.produce(topic, value, key=b"key")
    assert producer.flush(20) == 0


def consume(address: str, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": address, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        record = consumer.poll(30)
        assert record is not None
        assert record.error() is None
        value: bytes | None = record.value()
        return value
    finally:
        consumer.close()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_postgres_gives_each_test_a_database_of_its_own(postgres_url: str, turn: str) -> None:
    engine = create_async_engine(postgres_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE fact (id int)")    # fails where an earlier one is left
        await connection.exec_driver_sql("INSERT INTO fact VALUES (1)")
    await engine.dispose()
    assert await fetch(postgres_url, "SELECT count(*) FROM fact") == 1
    assert await fetch(postgres_url, "SHOW fsync") == "on"


async def test_postgres_gives_each_service_a_database(postgres_service_url: str) -> None:
    urls = [postgres_service_url.format(service=name) for name in ("care", "profile")]
    names = {await fetch(url, "SELECT current_database()") for url in urls}
    assert len(names) == 2


async def test_postgres_keeps_what_was_committed_when_it_is_killed(private_postgres: Postgres) -> None:
    url = private_postgres.url()
    execute(url, "CREATE TABLE fact (id int)", "INSERT INTO fact VALUES (7)")
    private_postgres.kill()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        await fetch(url, "SELECT 1")
    private_postgres.start()
    assert await fetch(url, "SELECT id FROM fact") == 7


async def test_kafka_takes_and_gives_a_record(kafka: str, topic_prefix: str) -> None:
    topic = f"{topic_prefix}facts"
    await asyncio.to_thread(produce, kafka, topic, b"hello")
    assert await asyncio.to_thread(consume, kafka, topic) == b"hello"


def test_kafka_keeps_its_records_and_port_when_it_is_killed(private_kafka: Kafka) -> None:
    produce(private_kafka.address, "facts", b"hello")
    private_kafka.restart()
    assert consume(private_kafka.address, "facts") == b"hello"
    private_kafka.kill()
    private_kafka.start()
    assert consume(private_kafka.address, "facts") == b"hello"


def test_a_missing_engine_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ENGINES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such engine"):
        missing("no such engine")
    monkeypatch.setitem(os.environ, "REQUIRE_ENGINES", "1")
    with pytest.raises(pytest.fail.Exception, match="no such engine"):
        missing("no such engine")
