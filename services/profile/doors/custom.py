"""How much room the values of custom fields may take in one call; what each of them may be, its declaration says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

MOST = 16_384
"""Characters, all in all."""


def _small(custom: dict[str, Any]) -> dict[str, Any]:
    _measure(custom, MOST, 0)
    return custom


def _measure(value: Any, left: int, depth: int) -> int:
    if depth > 8:
        raise PydanticCustomError("too_deep", "custom fields are nested too deeply")
    if isinstance(value, str):
        left -= len(_text(value))
    elif isinstance(value, dict):
        for name, member in value.items():
            left = _measure(member, left - len(_text(name)) - 2, depth + 1)
    elif isinstance(value, list):
        for member in value:
            left = _measure(member, left - 1, depth + 1)
    else:
        left -= 8
    if left < 0:
        raise PydanticCustomError("too_long", "the custom fields are too large, all in all")
    return left


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text must not contain NUL")
    return text


Custom = Annotated[dict[str, Any], AfterValidator(_small)]
"""Values of custom fields, by key."""
