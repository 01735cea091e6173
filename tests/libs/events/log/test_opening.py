"""A log's URL, and the partition of a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libs.events.log import Outgoing
from libs.events.log.embedded import EmbeddedLog
from libs.events.log.kafka import KafkaLog
from libs.events.log.opening import open_log
from libs.events.log.partitioner import MAX_VALUE, murmur2, spread


def connection(url: str) -> Any:
    log = open_log(url)
    assert isinstance(log, KafkaLog)
    return log._connection


def test_a_file_may_be_called_anything(tmp_path: Path) -> None:
    log = open_log(f"embedded://{tmp_path}/a b%41?c#d/log.db")
    assert isinstance(log, EmbeddedLog)
    assert log._path == tmp_path / "a b%41?c#d" / "log.db"


def test_a_cluster_and_its_parameters() -> None:
    plain = connection("kafka://one:9092,two:9093")
    assert (plain.servers, plain.prefix, plain.replication) == ("one:9092,two:9093", "", 0)
    full = connection("kafka://one:9092,two:9093?replication=3&prefix=test1.&patience=2.5")
    assert (full.servers, full.prefix, full.replication, full.patience) == ("one:9092,two:9093", "test1.", 3, 2.5)
    assert full.options()["bootstrap_servers"] == ["one:9092", "two:9093"]


def test_credentials_are_used_and_never_shown() -> None:
    secured = connection("kafka://user:p%40ss%2Fword@one:9092?security=sasl_ssl")
    options = secured.options()
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("user", "p@ss/word")
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert options["ssl_context"].check_hostname
    assert "p@ss" not in repr(secured)


@pytest.mark.parametrize("url", [
    "", "embedded://", "kafka://", "redis://secret@host", "kafka://one:9092?replicas=3", "kafka://one:9092?replication=x",
])
def test_what_is_no_log(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|base 10") as refused:
        open_log(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("key", "hashed"), [
    # Apache Kafka's own test vectors (Utils.murmur2), which are signed there.
    (b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829), (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    (b"abc", 479470107),
])
def test_the_hash_is_kafkas(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


def test_records_are_spread_in_their_order_and_a_monster_is_refused() -> None:
    records = [Outgoing(b"%d" % (number % 3), b"%d" % number) for number in range(30)]
    found = spread(records, 4)
    assert sorted(record.value for part in found.values() for record in part) == sorted(r.value for r in records)
    for part in found.values():
        assert part == [record for record in records if record in part]
    with pytest.raises(ValueError, match="bytes"):
        spread([Outgoing(b"k", bytes(MAX_VALUE + 1))], 4)
