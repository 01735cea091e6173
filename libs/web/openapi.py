"""The OpenAPI document of a service: FastAPI's own, with the bodies that we read, the key and the problems."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter

from libs.web.documents import Extra

_REFS = "#/components/schemas/"
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key, as `careledger keys` makes them."}
_METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = {
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457). Nothing of the request is repeated in it.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, meant for programs."},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "invalid_params": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the member at fault, or its parent."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "in": {"type": "string", "enum": ["query", "path", "header"]},
                },
            },
        },
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """Makes the document; the same for the same routes."""
    found = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags,
        servers=[{"url": "/"}],
    )  # fmt: skip
    components = found.setdefault("components", {})
    components["securitySchemes"] = {"bearerAuth": _KEY}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    _bodies(app, found["paths"], schemas)
    for path, operations in found["paths"].items():
        for operation in operations.values():
            operation["security"] = [{"bearerAuth": []}] if path.startswith("/v1") else []
        if not path.startswith("/v1"):
            operations["servers"] = [{"url": "."}]  # beside this document, wherever it is served
    components["schemas"] = dict(sorted(schemas.items()))
    return found


def _bodies(app: FastAPI, paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    described = [
        (paths[str(context.path_format)][method.lower()], kind, body, not extra.optional)
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
        if isinstance(extra := getattr(context, "openapi_extra", None), Extra) and context.include_in_schema
        for kind, body in extra.bodies.items()
    ]
    if not described:
        return
    inputs: list[Any] = [(i, "validation", TypeAdapter(body)) for i, (_, _, body, _) in enumerate(described)]
    made, rest = TypeAdapter.json_schemas(inputs, ref_template=_REFS + "{model}")
    definitions: dict[str, Any] = rest.get("$defs", {})
    # a model that FastAPI has described for answers, and that looks otherwise in bodies, gets a name of its own
    renamed = {name: f"{name}Body" for name, schema in definitions.items() if schemas.get(name, schema) != schema}
    schemas.update({renamed.get(name, name): _renaming(schema, renamed) for name, schema in definitions.items()})
    for i, (operation, kind, _, required) in enumerate(described):
        content = operation.setdefault("requestBody", {"required": required, "content": {}})["content"]
        content[kind] = {"schema": _renaming(made[i, "validation"], renamed)}


def _renaming(schema: Any, renamed: dict[str, str]) -> Any:
    text = json.dumps(schema)
    for name, other in renamed.items():
        text = text.replace(f'"{_REFS}{name}"', f'"{_REFS}{other}"')
    return json.loads(text)
