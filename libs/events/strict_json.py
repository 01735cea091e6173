"""JSON as strictly as the product means it: what two readers might understand differently is refused.

Beyond RFC 8259: no name twice in an object, no NaN or Infinity, no whole number beyond ±(2⁵³ − 1) (which the
canonical JSON of `state_hash` cannot hold), no NUL and no unpaired surrogate in text, no deep nesting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from pydantic_core import from_json

_LARGEST = 2**53 - 1
MALFORMED = "malformed_json"
NUL = "text must not contain NUL"
HALVED = "text must be well-formed Unicode"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class NotStrict(ValueError):
    """The JSON is refused; `code` and `message` say why, and hold nothing of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrict("duplicate_member", "an object has two members of one name")
    return members


def _whole(digits: str) -> int:
    # so few digits need no look; int() itself refuses thousands of them
    if len(digits) < 16:
        return int(digits)
    if len(digits) > 17 or abs(number := int(digits)) > _LARGEST:
        raise NotStrict("out_of_range", "a whole number is larger than 2^53 - 1")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if number - number != 0:
        raise NotStrict("not_finite", "a number is too large")
    return number


def _constant(_: str) -> Any:
    raise NotStrict("not_finite", "NaN and Infinity are no JSON numbers")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant)


def check(raw: bytes) -> Any:
    """The value of well-formed JSON (something has parsed it before, nesting and all). Raises `NotStrict`.

    Costs 3 µs for a small body: the standard library's C scanner is the one parser here that shows every pair.
    """
    if b"\\u0000" in raw and _NUL.search(raw):
        raise NotStrict("nul_character", NUL)
    return _decoder.decode(raw.decode())


def loads(raw: bytes) -> Any:
    """The value of any bytes as strict JSON. Raises `NotStrict`."""
    try:
        from_json(raw)  # well-formed, at most 200 deep, no surrogates: the scanner below would take them
        return check(raw)
    except NotStrict:
        raise
    except ValueError:
        raise refused(raw) from None


def refused(raw: bytes) -> NotStrict:
    """Why bytes that a parser has refused are not taken: half a surrogate pair and endless digits are well-formed."""
    malformed = NotStrict(MALFORMED, "the body is not well-formed JSON")
    try:
        return flaw(marked(raw)) or malformed
    except (ValueError, RecursionError):
        return malformed


def _marking(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def mark(read: Any) -> Any:
        try:
            return hook(read)
        except NotStrict as refused:
            return refused

    return mark


_marker = json.JSONDecoder(
    object_pairs_hook=_marking(_object), parse_int=_marking(_whole), parse_float=_marking(_real),
    parse_constant=_marking(_constant),
)  # fmt: skip


def marked(raw: bytes) -> Any:
    """The value of JSON that `check` refused, with a `NotStrict` where something is not strict: of many items in one
    body the others are good (`flaw` tells which)."""
    return _marker.decode(raw.decode())


def flaw(value: Any) -> NotStrict | None:
    """What is not strict in a part of what `marked` read."""
    inner: Iterable[Any] = ()
    if isinstance(value, NotStrict):
        return value
    if isinstance(value, str):
        return _unfit(value)
    if isinstance(value, dict):
        inner = chain(value, value.values())
    elif isinstance(value, list):
        inner = value
    return next((found for each in inner if (found := flaw(each))), None)


def _unfit(text: str) -> NotStrict | None:
    if "\x00" in text:
        return NotStrict("nul_character", NUL)
    try:
        text.encode()
    except UnicodeEncodeError:
        return NotStrict("bad_unicode", HALVED)
    return None
