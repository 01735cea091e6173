"""The doors of custom fields: declaring and changing them, and holding records to what is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from libs.events.catalogue.customers import FieldDeclared, FieldType
from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body, Label, Moment
from services.profile.domain import fields
from services.profile.domain.commands import ChangeField, DeclareField
from services.profile.doors.bodies import UNSAID, RecordBody

KEY_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]


class Labels(Body):
    """What people read, in English and in other languages."""

    en: Label
    vi: Label | None = None
    zh: Label | None = None


class ChoiceBody(Body):
    """One of the values that a field takes."""

    code: Code
    label: Labels


Choices = Annotated[list[ChoiceBody], Field(max_length=200)]


class FieldBody(Body):
    """A custom field of all customer records. `type`: `choice` takes one of `choices`, `choices` takes several.
    `required`: a new record made by hand must have it, and nobody can clear it. `personal`: it tells something of a
    person; a field that does not may be used where values are seen in bulk."""

    key: Key
    type: FieldType
    label: Labels
    choices: Choices = Field(default_factory=list)
    required: bool = False
    personal: bool = True
    at: Moment | None = None


class FieldPatch(Body):
    """A JSON merge patch of a field; key and type stay. `retired`: it takes no new values, and keeps those it has.
    `choices` and `label` are replaced as a whole; values of a choice that is no more stay, too."""

    label: Labels = UNSAID
    choices: Choices = UNSAID
    required: bool = UNSAID
    personal: bool = UNSAID
    retired: bool = UNSAID
    at: Moment | None = None


class Changing(Body):
    """A patch of one field, in a version that its caller has seen (None: any)."""

    key: str
    patch: FieldPatch
    versions: frozenset[int] | None


def declare(call: Call[FieldBody]) -> Unit:
    """A new field."""
    said = call.body.model_dump(exclude={"at"}, exclude_none=True)
    command = DeclareField(at=call.at, field=FieldDeclared.model_validate(said), by=call.by)
    return Unit((call.request(fields.SUBJECT, command),))


def change(call: Call[Changing]) -> Unit:
    """A field changes."""
    asked = call.body
    changes: Mapping[str, Any] = asked.patch.model_dump(exclude={"at"}, exclude_unset=True)
    if "label" in changes:
        changes = {**changes, "label": {k: v for k, v in changes["label"].items() if v is not None}}
    command = ChangeField(at=call.at, key=asked.key, changes=changes, versions=asked.versions, by=call.by)
    return Unit((call.request(fields.SUBJECT, command),))


def where_custom(body: RecordBody) -> tuple[str, ...]:
    """The declarations, where a body states custom fields."""
    return (fields.SUBJECT,) if body.custom else ()


def check(call: Call[Any], body: RecordBody, *, whole: bool = False) -> None:
    """Raises `Invalid` where custom fields are stated otherwise than they are declared."""
    if body.custom or whole:
        fields.check(body.custom, call.states[fields.SUBJECT].state.fields, whole=whole)


def _nobody(body: object) -> None:
    return


DECLARED = Door("", FieldBody, declare, customer=_nobody, anonymous=True)
CHANGED = Door("", Changing, change, customer=_nobody, anonymous=True)
