"""The small values that events and commands are made of, with what may be said of each field.

Three marks steer what happens to a field outside the domain:

- `Personal`: sealed under the subject's key before it is stored, never in `state_hash`;
- `Generated`: an id that this deployment made up (or a figure derived from others), never in `state_hash`;
- everything else is business data: hashed, stored and published as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PersonalMark:
    """Says that a field is personal data: it leaves the owning service only sealed."""


@dataclass(frozen=True, slots=True)
class GeneratedMark:
    """Says that a field was made up or derived here, so that two equal histories may differ in it."""


Personal = Annotated[T, PersonalMark()]
Generated = Annotated[T, GeneratedMark()]


def _plain_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text must not contain NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("text must be well-formed Unicode") from None
    return text


def _not_blank(text: str) -> str:
    if text.isspace():
        raise PydanticCustomError("blank", "must hold more than blanks")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_plain_text)]
"""Free text: Unicode without NUL or unpaired surrogates, 1 to 4,000 characters."""
Label = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain_text), AfterValidator(_not_blank)
]
"""A short name or code: 1 to 200 characters, not all of them blank."""


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("moment is out of range") from None


def rfc3339(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC, with microseconds only where there are any."""
    # orjson writes the same as `isoformat`, at a quarter of its cost
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return orjson.dumps(utc, option=orjson.OPT_UTC_Z)[1:-1].decode()


def _spelt(pattern: str, code: str, message: str, read: CoreSchema, plain: CoreSchema) -> GetPydanticSchema:
    """JSON text of one form only: pydantic by itself would take the digits of a Unix time for a moment or a day."""
    text = core_schema.custom_error_schema(core_schema.str_schema(pattern=pattern), code, custom_error_message=message)
    schema = core_schema.json_or_python_schema(core_schema.chain_schema([text, read]), plain)
    return GetPydanticSchema(lambda source, handler: schema)


Moment = Annotated[
    datetime,
    _spelt(
        r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", "bad_moment", "must be a moment in RFC 3339 with an offset",
        core_schema.datetime_schema(strict=False, tz_constraint="aware"),
        core_schema.datetime_schema(tz_constraint="aware"),
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
    AfterValidator(_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]  # fmt: skip
"""A point in time, RFC 3339 with an offset; kept in UTC."""
Day = Annotated[
    date,
    _spelt(
        r"^\d{4}-\d\d-\d\d$", "bad_date", "must be a date, YYYY-MM-DD",
        core_schema.date_schema(strict=False), core_schema.date_schema(),
    ),
    WithJsonSchema({"type": "string", "format": "date"}),
]  # fmt: skip
"""A day of the calendar, YYYY-MM-DD."""


class Body(BaseModel):
    """What a caller sends: strict (no unknown members, no coerced types) and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Data(BaseModel):
    """What an event carries: immutable; members that a newer writer added are kept out of the way."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


def _plain_amount(amount: Decimal) -> str:
    return format(amount, "f")


_DECIMAL = r"^[0-9]{1,14}(\.[0-9]{1,6})?$"


def _decimal_text(amount: object) -> object:
    # a JSON number would have been a binary fraction on its way: only text says exactly what is meant
    if isinstance(amount, str) and re.fullmatch(_DECIMAL, amount.removeprefix("-"), re.ASCII):
        return Decimal(amount)
    if isinstance(amount, Decimal) and amount.is_finite():
        return amount
    raise PydanticCustomError("bad_amount", "must be a decimal as text, as in 12.50")


Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=20, decimal_places=6),  # next to the type, where pydantic's core looks after it
    BeforeValidator(_decimal_text),
    PlainSerializer(_plain_amount, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _DECIMAL, "examples": ["12.50"]}),
]
"""An amount of money, not negative; a decimal string in JSON, so that nothing is rounded."""


class Money(Body):
    """An amount in one currency."""

    amount: Amount
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def marks(field: Any) -> tuple[bool, bool]:
    """Whether a pydantic field (`FieldInfo`) is (personal, generated)."""
    found = field.metadata
    return any(isinstance(m, PersonalMark) for m in found), any(isinstance(m, GeneratedMark) for m in found)
