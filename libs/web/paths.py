"""Ids in paths and queries. They take nothing else: a reference is personal data, and other people log paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from libs.events.identities import as_id


def canonical(value: str) -> str:
    """An id in canonical form. Raises a pydantic error."""
    found = as_id(value)
    if found is None:
        raise PydanticCustomError("bad_id", "must be an id; references travel in bodies only")
    return found


_SCHEMA = WithJsonSchema({"type": "string", "format": "uuid"})
Id = Annotated[str, AfterValidator(canonical), _SCHEMA, Path(description="An id.")]
"""The id of anything; canonical lower case."""
CustomerFilter = Annotated[
    Annotated[str, AfterValidator(canonical), _SCHEMA] | None, Query(description="Of this customer (an id).")
]
"""The `customer` parameter of lists."""
CustomerId = Annotated[str, AfterValidator(canonical), _SCHEMA, Path(description="The customer's id.")]
"""The id of a customer."""
