"""Responses made of ready bytes: JSON by orjson, headers as the server wants them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

RawHeaders = Iterable[tuple[bytes, bytes]]
NO_STORE = (b"cache-control", b"no-store")


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def to_json(value: Any) -> bytes:
    """`value` as JSON: moments in UTC with `Z`, decimals as strings, models as their JSON."""
    return orjson.dumps(value, _other, orjson.OPT_UTC_Z)


class Answered(Response):
    """A response whose body is ready bytes. Skips the mapping and guessing of Starlette's own constructor."""

    def __init__(
        self, body: bytes, status: int = 200, headers: RawHeaders = (), media_type: bytes = b"application/json"
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), (b"content-type", media_type), *headers]


def answer(
    value: Any, status: int = 200, *, version: int | None = None, headers: RawHeaders = (), live: bool = False
) -> Answered:
    """`value` as a JSON response; `version` becomes its `ETag`. `live`: there is more in it than the version tells, so
    nobody may take what they have of that version for it."""
    if version is not None:
        headers = [(b"etag", b'"%d"' % version), *headers, *((NO_STORE,) if live else ())]
    return Answered(to_json(value), status, headers)
