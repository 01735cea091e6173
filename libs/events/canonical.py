"""RFC 8785 canonical JSON.

orjson spells ordinary values as RFC 8785 wants them, quickly. Three things it does differently: the order of keys
beyond ASCII (code points, not UTF-16), whole floats (`4.0`, not `4`) and exponents. So values are first brought to
where both agree; the rare rest is written out step by step. A property test holds both to the `rfc8785` package.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Any

import orjson

EXACT = 2**53 - 1
"""The largest integer that JSON readers hold exactly."""
PLAIN_FROM = 1e-3
"""From here up to EXACT a fraction is spelt without exponent."""
LONGEST_INTEGER = 21
SMALLEST_POINT = -6
"""ECMAScript 7.1.12.1: beyond 21 digits before the point, or six zeros behind it, numbers have an exponent."""

_ASTRAL = re.compile(rb"[\xf0-\xf4]")
"""Characters beyond the first 65,536, which alone make UTF-16's order another than that of code points."""
_encoder = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


class _Unusual(Exception):
    """The value has a part that orjson spells differently."""


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON (RFC 8785).

    An integer beyond 2**53 − 1 is written as the double a JSON reader makes of it. Raises ValueError for what JSON
    cannot say (NaN, infinity, unpaired surrogates, objects that are no JSON).
    """
    try:
        text = orjson.dumps(_agreed(value), option=orjson.OPT_SORT_KEYS)
    except (_Unusual, orjson.JSONEncodeError):
        return _spelt(value).encode()
    return text if text.isascii() or not _ASTRAL.search(text) else _spelt(value).encode()


def _agreed(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        agreed = {}
        for key, part in value.items():
            # most members are texts or whole numbers: no call for those
            kind = type(part)
            if kind is str:
                agreed[key] = part
            elif kind is float and part.is_integer() and -EXACT <= part <= EXACT:
                agreed[key] = int(part)
            else:
                agreed[key] = _agreed(part)
        return agreed
    if kind is list:
        return [part if type(part) is str else _agreed(part) for part in value]
    if kind is float and -EXACT <= value <= EXACT:
        if value.is_integer():
            return int(value)
        if abs(value) >= PLAIN_FROM:
            return value
    elif (kind is int and -EXACT <= value <= EXACT) or kind is str or kind is bool or value is None:
        return value
    raise _Unusual


def _spelt(value: Any) -> str:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("not representable in JSON")
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16be"))
        return "{" + ",".join(f"{_encoder.encode(key)}:{_spelt(part)}" for key, part in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelt, value)) + "]"
    if isinstance(value, str | bool) or value is None:
        return _encoder.encode(value)
    if isinstance(value, int | float):
        return str(value) if isinstance(value, int) and abs(value) <= EXACT else _number(value)
    raise ValueError("not representable in JSON")


def _number(value: float) -> str:
    """A double as ECMAScript's Number::toString spells it, from the shortest digits that say it (which repr finds)."""
    try:
        double = float(value)
    except OverflowError:
        raise ValueError("not representable in JSON") from None
    if not isfinite(double):
        raise ValueError("not representable in JSON")
    if double == 0:
        return "0"
    sign, numerals, exponent = Decimal(repr(double)).as_tuple()
    point, minus = len(numerals) + int(exponent), "-" * sign
    digits = "".join(map(str, numerals)).rstrip("0")
    if len(digits) <= point <= LONGEST_INTEGER:
        return minus + digits.ljust(point, "0")
    if 0 < point <= LONGEST_INTEGER:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if SMALLEST_POINT < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if digits[1:] else ""
    return f"{minus}{digits[0]}{fraction}e{point - 1:+d}"
