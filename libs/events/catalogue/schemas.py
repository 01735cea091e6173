"""JSON Schemas of what events carry: of facts, as they stand on the log, and of the bodies that inbound events take."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from libs.events.catalogue.registry import EventType, UnknownType, find
from libs.events.envelope import PREFIX

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INBOUND_VERSION = 1
SEALED: dict[str, Any] = {
    "title": "Sealed",
    "description": "Personal data, encrypted under a key that only the owning service has and that erasing shreds.",
    "type": "object",
    "required": ["sealed"],
    "properties": {"sealed": {"type": "string", "contentEncoding": "base64"}},
    "additionalProperties": False,
}


def bare(name: str) -> str:
    """An event type without the prefix it has on the wire."""
    return name.removeprefix(PREFIX)


def fact_schema(name: str, version: int) -> dict[str, Any]:
    """The schema of a fact's data on the log: what `dataschema` points to. Raises `UnknownType`."""
    kind = find(bare(name))
    if version != kind.version:
        raise UnknownType(f"{kind.name} version {version}")
    return {"$schema": DIALECT, "$id": f"/v1/schemas/events/{PREFIX}{kind.name}/{version}", **data_schema(kind)}


def data_schema(kind: EventType) -> dict[str, Any]:
    """The same without an address: members that are sealed on the log are shown sealed."""
    schema = kind.model.model_json_schema(mode="serialization")
    for name in kind.personal:
        schema["properties"][name] = {"anyOf": [SEALED, {"type": "null"}], "description": "Personal data."}
    return without_unused(schema)


def inbound_schema(name: str, body: type[BaseModel]) -> dict[str, Any]:
    """The schema of an inbound event's data: the body of the call that does the same."""
    address = f"/v1/schemas/inbound/{PREFIX}{bare(name)}/{INBOUND_VERSION}"
    return {"$schema": DIALECT, "$id": address, **body.model_json_schema()}


def without_unused(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without definitions that nothing refers to any more."""
    definitions = schema.pop("$defs", {})
    used: set[str] = set()
    _refer(schema, definitions, used)
    if used:
        schema["$defs"] = {name: definitions[name] for name in sorted(used)}
    return schema


def _refer(part: Any, definitions: dict[str, Any], used: set[str]) -> None:
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions and name not in used:
            used.add(name)
            _refer(definitions[name], definitions, used)
    if isinstance(part, dict | list):
        for below in part.values() if isinstance(part, dict) else part:
            _refer(below, definitions, used)
