"""From a record to a fact of the current version, or to the reason why not; and records as bytes, to keep them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import orjson

from libs.events import catalogue
from libs.events.catalogue import UnknownType
from libs.events.envelope import PREFIX, Event, Malformed
from libs.events.log import Record

GREATEST = 2**62
LONGEST = 300


@dataclass(slots=True, eq=False)
class Arrival:
    """A fact that came. `kept`: it was read from the table of waiting ones; `entry`: from this entry in quarantine,
    after so many `tries`."""

    record: Record
    event: Event
    kept: bool = False
    entry: str = ""
    tries: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """The fact's service and subject."""
        return self.event.service, self.event.subject


@dataclass(slots=True, eq=False)
class Bad:
    """A record that is no fact we know: the reason, and what can still be told of it."""

    record: Record
    reason: str
    error: str
    entry: str = ""
    tries: int = 0

    def told(self, attribute: str) -> str:
        """An attribute as its header has it; "" where that cannot be read."""
        text = self.record.headers.get(f"ce_{attribute}", b"").decode("utf-8", "replace")
        return text if text.isprintable() and len(text) <= LONGEST else ""

    @property
    def service(self) -> str:
        return self.told("source").removeprefix("/careledger/")

    @property
    def type(self) -> str:
        return self.told("type").removeprefix(PREFIX)

    @property
    def sequence(self) -> int:
        return _number(self.told("sequence"))

    @property
    def epoch(self) -> int:
        return _number(self.told("epoch"))


def decode(record: Record) -> Arrival | Bad:
    """Reads a record of a fact topic."""
    try:
        event = Event.from_record(record.headers, record.value)
        _check(event)
        known = catalogue.find(event.type)
        if event.version != known.version:
            data = catalogue.current(event.type, event.version, event.data)
            event = replace(event, data=data, version=known.version, raw=b"")
        return Arrival(record, event)
    except Malformed as error:
        return Bad(record, "malformed", type(error).__name__)
    except UnknownType as error:
        return Bad(record, "unknown_type", type(error).__name__)
    except Exception as error:  # a rule that lifts old versions met data it does not understand
        return Bad(record, "cannot_upcast", type(error).__name__)


def _check(event: Event) -> None:
    """What no table could keep is refused here, where it stops one record, and not in the middle of a batch."""
    subject, event_id, service = event.subject, event.id, event.service
    if not (subject and event_id and (subject + event_id + service).isprintable()):
        raise Malformed("an id is empty or not printable")
    if len(subject) > LONGEST or len(event_id) > LONGEST or len(service) > LONGEST:
        raise Malformed("an id is too long")
    if not (0 < event.sequence < GREATEST and 0 <= event.epoch < 2**31):
        raise Malformed("a number is out of range")
    if event.time.tzinfo is None or event.recorded.tzinfo is None:
        raise Malformed("a moment has no offset")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def pack(record: Record) -> bytes:
    """A record as bytes."""
    return orjson.dumps({
        "topic": record.topic, "partition": record.partition, "offset": record.offset, "at": record.timestamp_ms,
        "key": None if record.key is None else _text(record.key), "value": _text(record.value),
        "headers": {name: _text(value) for name, value in record.headers.items()},
    })  # fmt: skip


def unpack(packed: bytes) -> Record:
    """The record again."""
    held = orjson.loads(packed)
    key = held["key"]
    return Record(
        held["topic"], held["partition"], held["offset"], None if key is None else base64.b64decode(key),
        base64.b64decode(held["value"]), {n: base64.b64decode(v) for n, v in held["headers"].items()}, held["at"],
    )  # fmt: skip


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
