"""/v1/customers/fields: the custom fields of customer records, declared, changed and retired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from libs.events.catalogue.customers import FieldType
from libs.events.service import Platform
from libs.events.units import Verdict
from libs.web import bodies
from libs.web.answers import Answered, answer
from libs.web.documents import changes, reads, writes
from libs.web.etags import if_match
from libs.web.positions import After, caught_up
from libs.web.writing import write
from services.profile.domain import fields
from services.profile.doors.fields import (
    CHANGED,
    DECLARED,
    KEY_PATTERN,
    Changing,
    ChoiceBody,
    FieldBody,
    FieldPatch,
    Labels,
)

Key = Annotated[str, Path(pattern=KEY_PATTERN, description="The field's key.")]


class FieldShown(BaseModel):
    """A custom field."""

    key: str
    type: FieldType
    label: Labels
    choices: list[ChoiceBody]
    required: bool
    personal: bool
    retired: bool


class FieldPage(BaseModel):
    """All custom fields."""

    items: list[FieldShown]
    next_cursor: str | None


def router(platform: Platform) -> APIRouter:
    """Routes of custom fields."""
    routes = APIRouter(tags=["custom fields"])

    @routes.post("/v1/customers/fields", **writes(FieldBody, FieldShown, "Declare a custom field"))
    async def declare(request: Request) -> Answered:
        """The same again is 200; a key that is declared otherwise is 409. Records may state it from then on."""
        body = await bodies.read(request, FieldBody)
        return await write(
            request, platform, DECLARED, body, render=rendered(body.key), version=version_of(body.key)
        )  # fmt: skip

    @routes.get("/v1/customers/fields", **reads(FieldPage, "List custom fields by key, retired ones among them"))
    async def find_all(after: After = None) -> Answered:
        await caught_up(platform, after)
        declared = await load()
        return answer({"items": [shown(declared[key]) for key in sorted(declared)], "next_cursor": None})

    @routes.get("/v1/customers/fields/{key}", **reads(FieldShown, "One custom field", 404))
    async def read(key: Key, after: After = None) -> Answered:
        await caught_up(platform, after)
        field = fields.find(key, await load())
        return answer(shown(field), version=field.version)

    @routes.patch("/v1/customers/fields/{key}", **changes(FieldPatch, FieldShown, "Change or retire a custom field"))
    async def change(key: Key, request: Request) -> Answered:
        """Key and type stay, and so does everything that was stated."""
        match = if_match(request)
        patch = await bodies.read(request, FieldPatch)
        match.require(fields.find(key, await load()).version)
        asked = Changing(key=key, patch=patch, versions=None if match.any else match.versions)
        return await write(
            request, platform, CHANGED, asked, created=200, render=rendered(key), version=version_of(key),
            if_match=match,
        )  # fmt: skip

    async def load() -> fields.Fields:
        declared: fields.Fields = (await platform.store.load([fields.SUBJECT]))[fields.SUBJECT].state.fields
        return declared

    return routes


def rendered(key: str) -> Callable[[Sequence[Verdict]], dict[str, Any]]:
    """The answer of a write: the field as it left it."""
    return lambda verdicts: shown(verdicts[0].state.fields[key])


def version_of(key: str) -> Callable[[Sequence[Verdict]], int | None]:
    """The version of the field that a write left."""

    def version(verdicts: Sequence[Verdict]) -> int | None:
        found: fields.Field = verdicts[0].state.fields[key]
        return found.version

    return version


def shown(field: fields.Field) -> dict[str, Any]:
    """A field as callers see it."""
    labels = dict.fromkeys(Labels.model_fields)
    told = field.model_dump(exclude={"version"})
    choices = [choice | {"label": labels | choice["label"]} for choice in told["choices"]]
    return told | {"label": labels | told["label"], "choices": choices}
