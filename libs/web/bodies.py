"""Reads request bodies: JSON only, at most 5 MB, exactly of the model's form."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from libs.events import strict_json
from libs.web.exchange import header
from libs.web.invalid import MALFORMED, body_problems
from libs.web.problems import InvalidParam, Problem, invalid_param

MOST_BYTES = 5_000_000
"""Limit of a body, 5 MB."""
_JSON = re.compile(rb"application/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;[ \t]*charset=\"?utf-?8\"?[ \t]*)?;?", re.IGNORECASE)
_PLAIN = b"application/json"
_RAW = "careledger.body"
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


async def read(request: Request, model: type[M]) -> M:
    """The body as `model`. Raises `Problem` (400, 413, 415, 422)."""
    raw = await read_json(request)
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        raise unfit(raw, model, error) from None
    _strictly(raw)
    return body


async def read_items(request: Request, model: type[M], member: str) -> tuple[M, dict[int, strict_json.NotStrict]]:
    """The body as `model`, and which items of its list `member` are not strict JSON: those alone are refused."""
    raw = await read_json(request)
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        raise unfit(raw, model, error) from None
    try:
        strict_json.check(raw)
        return body, {}
    except strict_json.NotStrict as refused:
        if not isinstance(told := strict_json.marked(raw), dict):
            raise not_strict(refused) from None
        return body, {i: flaw for i, item in enumerate(told[member]) if (flaw := strict_json.flaw(item))}


async def read_as(request: Request, adapter: TypeAdapter[T], annotation: Any = None) -> T:
    """The body as anything pydantic knows (a union of models, a list); `annotation` names it for the pointers."""
    raw = await read_json(request)
    try:
        body = adapter.validate_json(raw)
    except ValidationError as error:
        raise unfit(raw, annotation, error) from None
    _strictly(raw)
    return body


async def read_json(request: Request) -> bytes:
    """The bytes of a JSON body. Raises `Problem` (413, 415)."""
    content_type = header(request.scope, b"content-type")
    if content_type != _PLAIN and not _JSON.fullmatch(content_type or b""):
        raise Problem(415, "unsupported_media_type", "the body must be application/json in UTF-8")
    return await read_raw(request)


async def read_raw(request: Request, most: int = MOST_BYTES) -> bytes:
    """The bytes of the body, read no further than `most`. Raises `Problem` (413)."""
    kept = request.scope.get(_RAW)
    if kept is not None:
        return bytes(kept)
    length = header(request.scope, b"content-length")
    if length is not None and length.isdigit() and (len(length) > 12 or int(length) > most):
        raise too_large()
    first = await request.receive()
    raw = first.get("body", b"")
    if first.get("more_body", False):
        raw = await _rest(request, raw, most)
    elif first["type"] == "http.disconnect":
        raise ClientDisconnect
    if len(raw) > most:
        raise too_large()
    request.scope[_RAW] = raw
    return bytes(raw)


def raw_of(scope: MutableMapping[str, Any]) -> bytes:
    """The bytes that were read from this request, empty where none were."""
    return bytes(scope.get(_RAW, b""))


async def _rest(request: Request, first: bytes, most: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more:
        if size > most:  # a chunked body tells no length: stop reading
            raise too_large()
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


def _strictly(raw: bytes) -> None:
    try:
        strict_json.check(raw)
    except strict_json.NotStrict as refused:
        raise not_strict(refused) from None


def unfit(raw: bytes, model: Any, error: ValidationError) -> Problem:
    """What is wrong with a body that did not validate: 400 where it is no JSON at all, else 422."""
    if error.error_count() == 1 and error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
        return not_strict(strict_json.refused(raw))
    return malformed(*body_problems(model, error))


def not_strict(refused: strict_json.NotStrict) -> Problem:
    """The 400 for what is no JSON; the 422 for JSON that two readers might understand differently."""
    if refused.code == strict_json.MALFORMED:
        return Problem(400, refused.code, refused.message)
    return malformed(invalid_param("", refused.code, refused.message))


def malformed(*params: InvalidParam) -> Problem:
    """The 422 for a body that does not have its form."""
    return Problem(422, "invalid", MALFORMED, invalid_params=params)


def too_large() -> Problem:
    """The 413; the connection is closed, since the rest of the body is not read."""
    return Problem(413, "content_too_large", "the body is larger than 5 MB", headers={"Connection": "close"})
