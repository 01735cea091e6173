"""RFC 8785 canonical JSON, by the standard library alone, as the domain is pure.

The standard encoder spells ordinary values as RFC 8785 wants them, quickly. Three things it does differently: the
order of keys beyond ASCII (code points, not UTF-16), whole floats (`4.0`, not `4`) and exponents. So values are first
brought to where both agree; the rare rest is written out step by step. A property test holds both to the `rfc8785`
package.
"""

from __future__ import annotations

import json
from decimal import Decimal
from math import isfinite
from typing import Any

EXACT = 2**53 - 1
"""The largest integer that JSON readers hold exactly."""
PLAIN_FROM = 1e-3
"""From here up to EXACT Python spells a fraction without exponent."""
LONGEST_INTEGER = 21
SMALLEST_POINT = -6
"""ECMAScript 7.1.12.1: beyond 21 digits before the point, or six zeros behind it, numbers have an exponent."""

_encoder = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


class _Unusual(Exception):
    """The value has a part that the standard encoder spells differently."""


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON (RFC 8785).

    An integer beyond 2**53 − 1 is written as the double a JSON reader makes of it. Raises ValueError for what JSON
    cannot say (NaN, infinity, unpaired surrogates, objects that are no JSON).
    """
    try:
        return _encoder.encode(_agreed(value)).encode()
    except _Unusual:
        return _spelt(value).encode()


def _agreed(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                raise _Unusual
        return {key: _agreed(part) for key, part in value.items()}
    if kind is list:
        return [_agreed(part) for part in value]
    if kind is int and -EXACT <= value <= EXACT:
        return value
    if kind is float and abs(value) <= EXACT:
        if value.is_integer():
            return int(value)
        if abs(value) >= PLAIN_FROM:
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
