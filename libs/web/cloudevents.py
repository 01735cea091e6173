"""CloudEvents 1.0 over HTTP: structured, batched or binary, as plain JSON objects, within the stated limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request

from libs.events import strict_json
from libs.web.bodies import malformed, not_strict, read_raw
from libs.web.exchange import header
from libs.web.problems import Problem, invalid_param

MOST_EVENTS = 1000
MOST_EVENT_BYTES = 256 * 1024
STRUCTURED, BATCH, PLAIN = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"


async def read_events(request: Request) -> list[Any]:
    """The events of a request; what is no object is handed on as it is, to be told in its result, and so is why one
    of a batch is not strict JSON.

    Plain JSON with `ce-*` headers is binary mode; without them it is taken by its form. Raises `Problem`: 400, 413,
    415, 422.
    """
    kind = _content_type(request)
    raw = await read_raw(request)
    if kind == PLAIN and header(request.scope, b"ce-specversion") is not None:
        return [_limited(_binary(request, raw), raw)]
    value = _loads(raw) if kind == STRUCTURED else _each(raw)
    if kind == BATCH or (kind == PLAIN and isinstance(value, list)):
        if not isinstance(value, list):
            raise malformed(invalid_param("", "wrong_type", "must be a list"))
        if len(value) > MOST_EVENTS:
            raise malformed(invalid_param("", "too_long", f"must have at most {MOST_EVENTS} items"))
        return value
    if not isinstance(value, dict):
        raise malformed(invalid_param("", "wrong_type", "must be an object"))
    return [_limited(value, raw)]


def too_large(event: Any, total: int) -> bool:
    """Whether one event of a batch of `total` bytes is over its limit."""
    return total > MOST_EVENT_BYTES and len(orjson.dumps(event)) > MOST_EVENT_BYTES


def oversize() -> Problem:
    """The problem of an event over its limit."""
    return Problem(413, "event_too_large", "an event is at most 256 KiB")


def _content_type(request: Request) -> str:
    value = (header(request.scope, b"content-type") or b"").decode("latin-1")
    kind, _, parameters = value.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if (kind := kind.strip().lower()) not in (STRUCTURED, BATCH, PLAIN) or charset not in ("", "charset=utf-8"):
        raise Problem(415, "unsupported_media_type", f"events come as {STRUCTURED} or {BATCH}")
    return kind


def _limited(event: dict[str, Any], raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_EVENT_BYTES:
        raise oversize()
    return event


def _binary(request: Request, raw: bytes) -> dict[str, Any]:
    named = {k[3:].decode("ascii", "replace"): v for k, v in request.scope["headers"] if k.startswith(b"ce-")}
    event: dict[str, Any] = {name: unquote(value.decode("utf-8", "replace")) for name, value in named.items()}
    event["datacontenttype"] = PLAIN
    return event | ({"data": _loads(raw)} if raw else {})


def _loads(raw: bytes) -> Any:
    try:
        return strict_json.loads(raw)
    except strict_json.NotStrict as refused:
        raise not_strict(refused) from None


def _each(raw: bytes) -> Any:
    """The value, where an event of a batch that is not strict JSON is the `NotStrict` that says why."""
    try:
        return strict_json.loads(raw)
    except strict_json.NotStrict as refused:
        if refused.code == strict_json.MALFORMED or not isinstance(told := strict_json.marked(raw), list):
            raise not_strict(refused) from None
        return [strict_json.flaw(event) or event for event in told]
