"""RFC 8785 canonical JSON, fast for what facts are made of.

The `rfc8785` package is right and slow (it writes token by token); orjson is fast and differs from it in three things
only: order of non-ASCII keys (UTF-8 against UTF-16), integral floats (`4.0` against `4`) and exponents. So values are
first brought to where both agree, and whatever cannot be is left to the package. A property test holds them together.
"""

from __future__ import annotations

from typing import Any

import orjson
import rfc8785

EXACT = 2**53 - 1
"""The largest integer that JSON readers hold exactly."""
PLAIN_FROM = 1e-3
"""From here up to EXACT every writer spells a fraction without exponent."""


class _Unusual(Exception):
    """The value has a part that orjson might spell differently."""


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON (RFC 8785).

    An integer beyond 2**53 − 1 is written as the double a JSON reader makes of it. Raises ValueError for what JSON
    cannot say (NaN, infinity, unpaired surrogates, objects that are no JSON).
    """
    try:
        return orjson.dumps(_agreed(value), option=orjson.OPT_SORT_KEYS)
    except _Unusual:
        return rfc8785.dumps(_doubles(value))
    except orjson.JSONEncodeError:
        raise ValueError("not representable in JSON") from None


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


def _doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _doubles(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_doubles(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        try:
            return float(value)
        except OverflowError:
            raise ValueError("not representable in JSON") from None
    return value
