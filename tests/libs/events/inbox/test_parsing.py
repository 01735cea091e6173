"""Parsing against the CloudEvents project's own library: what it writes, we read alike."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from libs.events.inbox.parsing import Letter, Unfit, read_object, read_record
from libs.events.log import Record

TAKEN = ("data", "id", "source", "type", "subject", "time", "specversion", "dataschema", "partitionkey")
FIRST, LAST = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - Hypothesis adds the offset
HEADERS = ["content-type", "ce_id", "ce_x", "CE_Type"]
text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"]), min_size=1, max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda v: st.dictionaries(text, v, max_size=3),
)
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
extensions = st.dictionaries(
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20).filter(
        lambda n: n not in TAKEN
    ),
    text, max_size=3,
)  # fmt: skip


@st.composite
def told(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    attributes: dict[str, Any] = draw(extensions) | {
        "specversion": "1.0", "id": draw(text), "source": draw(text), "type": "careledger.customer.purchased",
        "datacontenttype": "application/json",
    }  # fmt: skip
    if draw(st.booleans()):
        attributes["subject"] = draw(text)
    if draw(st.booleans()):
        attributes["time"] = draw(moments)
    return attributes, draw(st.dictionaries(text, values, max_size=4))


def record(message: kafka.KafkaMessage, spoil: Any = str) -> Record:
    headers = {spoil(name): value for name, value in message.headers.items()}
    return Record("t", 0, 0, b"", message.value, headers)


@given(told(), st.sampled_from([str, str.upper, str.title]))
def test_what_the_library_writes_is_read_alike(case: tuple[dict[str, Any], dict[str, Any]], spoil: Any) -> None:
    import orjson

    attributes, data = case
    made = CloudEvent(attributes, data)
    for message in (kafka.to_binary(made, JSONFormat()), kafka.to_structured(made, JSONFormat())):
        (letter,) = read_record(record(message, spoil))
        assert isinstance(letter, Letter), letter
        assert (letter.id, letter.source, letter.type) == (attributes["id"], attributes["source"], "customer.purchased")
        assert letter.subject == attributes.get("subject", "")
        assert letter.at == attributes.get("time")
        assert orjson.loads(letter.data) == data


@given(st.binary(max_size=60), st.dictionaries(st.sampled_from(HEADERS), st.binary(max_size=20)))
def test_no_bytes_make_it_fail(value: bytes, headers: dict[str, bytes]) -> None:
    assert all(isinstance(found, (Letter, Unfit)) for found in read_record(Record("t", 0, 0, None, value, headers)))


@given(st.dictionaries(st.sampled_from([
    "specversion", "id", "source", "type", "subject", "time", "data", "data_base64", "dataschema", "datacontenttype",
]), st.none() | st.integers() | text | st.lists(text, max_size=2)))  # fmt: skip
def test_no_object_makes_it_fail(event: dict[str, Any]) -> None:
    assert isinstance(read_object(event), (Letter, Unfit))


def base(**more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "source": "/s", "type": "careledger.x", "data": {}} | more


@pytest.mark.parametrize(("moment", "meant"), [
    ("2026-03-01T09:00:00Z", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ("2026-03-01t09:00:00z", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    ("2026-03-01T16:00:00.5+07:00", datetime(2026, 3, 1, 9, 0, 0, 500_000, tzinfo=UTC)),
    ("2026-03-01T09:00:00.123456789Z", datetime(2026, 3, 1, 9, 0, 0, 123_456, tzinfo=UTC)),
    ("2026-03-01", None), ("20260301T090000Z", None), ("2026-W10-1T09:00:00Z", None), ("2026-02-30T09:00:00Z", None),
    ("0001-01-01T00:00:00+14:00", None), (5, None),
])  # fmt: skip
def test_moments_are_those_of_rfc_3339(moment: Any, meant: datetime | None) -> None:
    found = read_object(base(time=moment))
    assert (found.at if isinstance(found, Letter) else None) == meant


@pytest.mark.parametrize(("schema", "version"), [
    (None, "1"), ("/v1/schemas/events/careledger.x/1", "1"), ("https://a/b/12", "12"), ("x", "?"), ("", "?"),
])  # fmt: skip
def test_the_version_is_the_end_of_the_schemas_address(schema: str | None, version: str) -> None:
    found = read_object(base(dataschema=schema))
    assert isinstance(found, Letter)
    assert found.version == version


def test_data_may_come_as_base64() -> None:
    plain = base(data_base64="eyJhIjogMX0=")
    del plain["data"]
    found = read_object(plain)
    assert isinstance(found, Letter)
    assert found.data == b'{"a": 1}'
    assert isinstance(read_object(base(data_base64="eyJhIjogMX0=")), Unfit)
    assert isinstance(read_object({**plain, "data_base64": "//8="}), Unfit)


def test_a_name_twice_in_an_object_is_refused_in_every_mode() -> None:
    twice = b'{"specversion":"1.0","id":"1","source":"/s","type":"careledger.x","data":{"a":1,"a":2}}'
    (found,) = read_record(Record("t", 0, 0, None, twice, {"content-type": b"application/cloudevents+json"}))
    assert isinstance(found, Unfit)
    headers = {f"ce_{n}": v.encode() for n, v in base().items() if n != "data"}
    (found,) = read_record(Record("t", 0, 0, None, b'{"a":1,"a":2}', headers))
    assert isinstance(found, Unfit)
    assert (found.source, found.id, found.pointer) == ("/s", "1", "/data")
