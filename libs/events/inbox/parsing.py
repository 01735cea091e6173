"""Other systems' events as they come: CloudEvents 1.0, binary, structured or batched, from Kafka or as JSON objects.

By the Kafka protocol binding the content type tells the mode, and header names count in any case. Publishers whose
library leaves the content type out of structured messages are understood as well: what has no `ce_` headers is one.
What cannot be read is an `Unfit`, whose words never hold what was sent.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from libs.events import strict_json
from libs.events.envelope import PREFIX
from libs.events.log import Record

LARGEST = 256 * 1024
LONGEST = 500
MOST = 1000
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACE = re.compile(r"\s")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_JSON = re.compile(r"[a-z0-9!#$&^_.+-]+/(?:[a-z0-9!#$&^_.-]+\+)?json(?:\s*;.*)?", re.IGNORECASE)
_IMPORT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)
_VERSION = re.compile(r".*/(\d{1,6})", re.DOTALL | re.ASCII)


@dataclass(slots=True)
class Letter:
    """An event that can be read, never changed: whose it is (`source`, `id`), its type without prefix, data as JSON.

    `record` is what it came as; `index` its place there; `imported` the import that it is part of.
    """

    record: Record
    source: str
    id: str
    type: str
    data: bytes
    subject: str = ""
    at: datetime | None = None
    version: str = "1"
    index: int = 0
    imported: str = ""

    @property
    def key(self) -> str:
        """The publisher's key: a source holds no space, so no two (source, id) run together."""
        return f"{self.source} {self.id}"


@dataclass(frozen=True, slots=True)
class Unfit:
    """What cannot be read, and why: a stable code, a text for people, the member at fault. `source` and `id` as far as
    they could be read."""

    record: Record
    code: str
    detail: str
    pointer: str = ""
    source: str = ""
    id: str = ""
    type: str = ""
    index: int = 0

    @property
    def key(self) -> str:
        """As `Letter.key`; "" where either is missing."""
        return f"{self.source} {self.id}" if self.source and self.id else ""


@dataclass(eq=False)
class _Wrong(Exception):
    code: str
    detail: str
    pointer: str = ""
    told: dict[str, str] = field(default_factory=dict)


def read_record(record: Record) -> list[Letter | Unfit]:
    """The events in a record: one, or those of a batch, in order."""
    headers = {name.lower(): value for name, value in record.headers.items()}
    try:
        mode = headers.get("content-type", b"").decode().partition(";")[0].strip().lower()
        binary = any(name.startswith("ce_") for name in headers)
        if mode == BATCH:
            return _batch(record)
        if mode == STRUCTURED or (not binary and not mode.startswith("application/cloudevents")):
            return [_structured(record, _loads(record.value))]
        if mode.startswith("application/cloudevents"):
            raise _Wrong("wrong_format", "events are JSON")
        return [_binary(record, headers)]
    except UnicodeDecodeError:
        return [Unfit(record, "malformed", "a header is not UTF-8")]
    except _Wrong as wrong:
        return [Unfit(record, wrong.code, wrong.detail, wrong.pointer)]


def read_object(event: Mapping[str, Any], topic: str = "") -> Letter | Unfit:
    """The event in a CloudEvents JSON object, as a caller posts it."""
    record = Record(topic, 0, 0, None, b"")
    try:
        return _structured(_as_record(event, record), event)
    except (TypeError, ValueError):
        return Unfit(record, "malformed", "the event is no JSON")


def _batch(record: Record) -> list[Letter | Unfit]:
    events = _loads(record.value)
    if not isinstance(events, list):
        raise _Wrong("malformed", "a batch is a list of events")
    if len(events) > MOST:
        raise _Wrong("too_many", f"a batch is at most {MOST} events")
    return [_structured(_as_record(event, record), event, index) for index, event in enumerate(events)]


def _as_record(event: Any, of: Record) -> Record:
    """One event of several as a record of its own, so that it can be kept by itself."""
    headers = {"content-type": STRUCTURED.encode()}
    return Record(of.topic, of.partition, of.offset, of.key, orjson.dumps(event), headers, of.timestamp_ms)


def _structured(record: Record, event: Any, index: int = 0) -> Letter | Unfit:
    if not isinstance(event, Mapping):
        return Unfit(record, "malformed", "an event is a JSON object", index=index)
    if len(record.value) > LARGEST:
        return _unfit(record, event, _too_large(), index)
    try:
        if "data_base64" in event:
            if event.get("data") is not None:
                raise _Wrong("malformed", "data is given twice", "/data_base64")
            data = base64.b64decode(event["data_base64"], validate=True)
            strict_json.loads(data)
        elif "data" in event:
            data = orjson.dumps(event["data"])
        else:
            data = b""
        return _letter(record, event, data, index)
    except _Wrong as wrong:
        return _unfit(record, event, wrong, index)
    except (TypeError, ValueError, binascii.Error):
        return _unfit(record, event, _Wrong("malformed", "the data cannot be read", "/data_base64"), index)


def _binary(record: Record, headers: Mapping[str, bytes]) -> Letter | Unfit:
    attributes: dict[str, Any] = {name[3:]: value.decode() for name, value in headers.items() if name[:3] == "ce_"}
    attributes["datacontenttype"] = headers.get("content-type", b"").decode() or None
    try:
        # names and values of headers count, too: what is enforced is the size of the event
        if len(record.value) + sum(map(len, headers)) + sum(map(len, headers.values())) > LARGEST:
            raise _too_large()
        letter = _letter(record, attributes, record.value, 0)
        _check(record.value)
        return letter
    except _Wrong as wrong:
        return _unfit(record, attributes, wrong, 0)


def _letter(record: Record, event: Mapping[str, Any], data: bytes, index: int) -> Letter:
    if event.get("specversion") != "1.0":
        raise _Wrong("wrong_specversion", "specversion is 1.0", "/specversion")
    event_id, source = _text(event, "id"), _text(event, "source")
    if _SPACE.search(source):
        raise _Wrong("malformed", "a source is a URI reference", "/source")
    kind = _text(event, "type")
    if not kind.startswith(PREFIX):
        raise _Wrong("unknown_type", "the type is not known", "/type")
    media = event.get("datacontenttype")
    if media is not None and not (isinstance(media, str) and _JSON.fullmatch(media)):
        raise _Wrong("wrong_content_type", "data is JSON", "/datacontenttype")
    if not data:
        raise _Wrong("malformed", "data is missing", "/data")
    schema = event.get("dataschema")
    version = "1"
    if schema is not None:
        found = _VERSION.fullmatch(schema) if isinstance(schema, str) else None
        version = found[1] if found else "?"
    subject = "" if event.get("subject") is None else _text(event, "subject")
    moment = event.get("time")
    at = None if moment is None else _moment(moment)
    imported = event.get("importid") or ""
    if imported and not (isinstance(imported, str) and _IMPORT.fullmatch(imported)):
        raise _Wrong("malformed", "an import is named in lower case: letters, digits, - _ .", "/importid")
    return Letter(record, source, event_id, kind[len(PREFIX) :], data, subject, at, version, index, imported)


def _text(event: Mapping[str, Any], name: str) -> str:
    text = event.get(name)
    if not isinstance(text, str) or not text or len(text) > LONGEST or _CONTROL.search(text):
        raise _Wrong("malformed", f"{name} is a text of 1 to {LONGEST} characters", f"/{name}")
    return text


def _moment(text: Any) -> datetime:
    try:
        if isinstance(text, str) and (found := _MOMENT.fullmatch(text)):
            whole = text.upper()
            if fraction := found[1]:
                whole = whole.replace(fraction, f"{fraction[:7]:0<7}", 1)
            return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Wrong("malformed", "time is a moment in RFC 3339", "/time")


def _loads(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw)
    except strict_json.NotStrict as refused:
        raise _Wrong("malformed", refused.message) from None


def _check(raw: bytes) -> None:
    """Binary data is given on as it is; only what two readers might read differently is refused here."""
    try:
        strict_json.loads(raw)
    except strict_json.NotStrict as refused:
        raise _Wrong("malformed", refused.message, "/data") from None


def _too_large() -> _Wrong:
    return _Wrong("too_large", "an event is at most 256 KiB")


def _unfit(record: Record, event: Mapping[str, Any], wrong: _Wrong, index: int) -> Unfit:
    told = {}
    for name in ("source", "id", "type"):
        try:
            told[name] = _text(event, name)
        except _Wrong:
            told[name] = ""
    source = "" if _SPACE.search(told["source"]) else told["source"]
    kind = told["type"].removeprefix(PREFIX)
    return Unfit(record, wrong.code, wrong.detail, wrong.pointer, source, told["id"], kind, index)
