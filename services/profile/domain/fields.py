"""Custom fields: declared once for all customers, typed, never deleted.

A field keeps its key and its type for ever, so that what was stated under it means the same always. Labels, choices and
whether it must be there may change; a retired field takes no new values, and those it has stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.events.catalogue.customers import Choice, FieldDeclared, FieldType
from libs.events.decider import Absent, Invalid, NewEvent, Refused
from services.profile.domain.commands import ChangeField, DeclareField

SUBJECT = "setting:custom-fields"
"""The subject of all declarations: whoever states values needs them all."""
MOST = 200
"""Fields that may be declared, retired ones among them."""
LONGEST = 4000
EXACT = 2**53 - 1
"""The largest integer that every JSON reader holds exactly."""


class Field(BaseModel):
    """One declared field; `version` is the number of the fact that declared or changed it last."""

    model_config = ConfigDict(frozen=True)

    key: str
    type: FieldType
    label: dict[str, str]
    choices: tuple[Choice, ...] = ()
    required: bool = False
    personal: bool = True
    retired: bool = False
    version: int = 0

    @property
    def codes(self) -> list[str]:
        """The codes of the choices."""
        return [choice.code for choice in self.choices]


Fields = Mapping[str, Field]


def declare(command: DeclareField, fields: Fields) -> list[NewEvent]:
    """A new field; the same again is known already."""
    data = command.field
    known = fields.get(data.key)
    if known:
        if of(data, known.version) == known:
            return []
        raise Refused("field_exists", "this field is declared otherwise")
    if len(fields) >= MOST:
        raise Refused("too_many_fields", "no more custom fields can be declared", {"most": MOST})
    return [told(data, command.by)]


def change(command: ChangeField, fields: Fields) -> list[NewEvent]:
    """Another label, other choices, retired or not: by somebody who has seen the version they change."""
    known = find(command.key, fields)
    if command.versions is not None and known.version not in command.versions:
        raise Refused("version_mismatch", "this has changed since it was read", {"current": known.version})
    new = FieldDeclared.model_validate({**known.model_dump(exclude={"version"}), **command.changes})
    return [] if of(new, known.version) == known else [told(new, command.by)]


def told(data: FieldDeclared, by: str) -> NewEvent:
    """The declaration as a fact, if it is sound. Raises `Invalid`."""
    chosen = data.type in ("choice", "choices")
    if chosen != bool(data.choices):
        detail = "a field of choices needs some" if chosen else "only a field of choices has choices"
        raise Invalid("bad_choices", detail, pointer="/choices")
    if len({choice.code for choice in data.choices}) < len(data.choices):
        raise Invalid("duplicate", "two choices have the same code", pointer="/choices")
    return NewEvent(data.model_copy(update={"by": by}) if by else data)


def of(data: FieldDeclared, version: int) -> Field:
    """The field that a declaration makes."""
    return Field(**data.model_dump(exclude={"by"}), version=version)


def find(key: str, fields: Fields) -> Field:
    """The field of a key. Raises `Absent`."""
    try:
        return fields[key]
    except KeyError:
        raise Absent("unknown_field", "there is no such custom field") from None


def check(custom: Mapping[str, Any] | None, fields: Fields, *, whole: bool = False) -> None:
    """Raises `Invalid` for values that the fields do not take, at the first of them; `whole`: it is a new record, so
    that required ones must be there."""
    stated = custom or {}
    for key, value in stated.items():
        field = fields.get(key)
        if field is None:  # its name is the caller's, and not repeated
            raise Invalid("unknown_field", "a custom field is not declared", pointer="/custom")
        if value is None and field.required and not field.retired:
            raise Invalid("field_required", "this custom field cannot be cleared", pointer=f"/custom/{key}")
        if value is not None:
            _check(field, value)
    missing = [f for f in fields.values() if f.required and not f.retired and stated.get(f.key) is None]
    if whole and missing:
        raise Invalid("field_required", "a required custom field is missing", pointer="/custom")


def _check(field: Field, value: Any) -> None:
    pointer = f"/custom/{field.key}"
    if field.retired:
        raise Invalid("retired_field", "this custom field takes no new values", pointer=pointer)
    if not _is(field, value):
        wanted = {"choice": "one of its choices", "choices": "a list of its choices, each once"}
        told = wanted.get(field.type, f"a value of its type, {field.type}")
        raise Invalid("bad_field_value", f"this custom field takes {told}", pointer=pointer)


def _is(field: Field, value: Any) -> bool:
    match field.type:
        case "text":
            return isinstance(value, str) and 0 < len(value) <= LONGEST
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= EXACT
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        case "date":
            return isinstance(value, str) and _is_date(value)
        case "choice":
            return isinstance(value, str) and value in field.codes
        case "choices":
            if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
                return False
            return len(set(value)) == len(value) and set(value) <= set(field.codes)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
