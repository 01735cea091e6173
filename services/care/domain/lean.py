"""Facts say only what is known."""

from __future__ import annotations

from typing import TypeVar, cast

from libs.events.values import Data

D = TypeVar("D", bound=Data)


def lean(data: D) -> D:
    """`data` with members that are None left unsaid, so that facts stay small and hash alike whoever filled them in."""
    said = {name for name in data.model_fields_set if getattr(data, name) is not None}
    return cast("D", type(data).model_construct(_fields_set=said, **dict(data)))
