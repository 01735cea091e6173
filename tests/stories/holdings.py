"""Everything that a product holds on disk, as bytes: its databases, whichever they are, and its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg

from tests.conftest import SERVICES
from tests.support.product import Product


def holdings(product: Product, *, inbound: bool = False) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all files, or of all tables and topics (inbound ones only where asked: they hold a week)."""
    for path in sorted(product.place.rglob("*")):
        if path.is_file() and (inbound or path.suffix != ".log"):
            yield path.name, path.read_bytes()
    if product.engines.broker:
        for record in records(product, inbound=inbound):
            yield record.topic, record.raw


async def tables(product: Product) -> list[tuple[str, bytes]]:
    """Every row of every table of every database, binary columns as they are."""
    found = []
    for service in SERVICES if product.engines.database_url else ():
        url = product.engines.database_url.replace("{service}", service).replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in names:
                rows = await connection.fetch(f'SELECT * FROM "{table}"')
                found += [(f"{service}.{table}", b"\0".join(map(_plain, row.values()))) for row in rows]
        finally:
            await connection.close()
    return found


class Told:
    """A record of a topic: where it stood, its headers, its value, and all its bytes."""

    def __init__(self, message: Any) -> None:
        self.topic: str = message.topic()
        self.key: bytes = message.key() or b""
        self.value: bytes = message.value() or b""
        self.headers: dict[str, bytes] = dict(message.headers() or ())
        self.raw = b"\0".join([self.key, self.value, *self.headers.values()])


def records(product: Product, *, inbound: bool = False) -> list[Told]:
    """All records of the product's topics on Kafka, as a foreign client reads them."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

    prefix = product.engines.prefix
    consumer = Consumer(
        {
            "bootstrap.servers": product.engines.broker,
            "group.id": "foreign",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    try:
        topics = consumer.list_topics(timeout=10).topics
        wanted: dict[tuple[str, int], int] = {}
        for name, topic in topics.items():
            if name.startswith(prefix + "careledger.") and (inbound or ".inbound." not in name):
                for number in topic.partitions:
                    low, high = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=10)
                    if high > low:
                        wanted[name, number] = high
        consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in wanted])
        found = []
        while wanted:
            for message in consumer.consume(500, timeout=5):
                assert message.error() is None, message.error()
                found.append(Told(message))
                place = str(message.topic()), int(message.partition() or 0)
                if int(message.offset() or 0) + 1 >= wanted.get(place, 0):
                    wanted.pop(place, None)
        return found
    finally:
        consumer.close()


def _plain(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).encode()
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
