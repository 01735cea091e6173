"""Ids in paths. A path takes only ids: a reference is personal data, and paths end up in other people's logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from libs.events.identities import as_id


def _canonical(value: str) -> str:
    found = as_id(value)
    if found is None:
        raise PydanticCustomError("bad_id", "must be an id; a path takes no references")
    return found


_SCHEMA = WithJsonSchema({"type": "string", "format": "uuid"})
Id = Annotated[str, AfterValidator(_canonical), _SCHEMA, Path(description="An id.")]
"""The id of anything; canonical lower case."""
CustomerId = Annotated[str, AfterValidator(_canonical), _SCHEMA, Path(description="The customer's id.")]
"""The id of a customer."""
