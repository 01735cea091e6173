"""What a validation error says to the caller: our own words for each kind, and pointers made of names we know.

Pydantic's own messages and places can hold what was sent: the value in the text, an unknown member's name or a
dictionary's key in the place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from libs.web.invalid_words import word
from libs.web.problems import InvalidParam, invalid_param

MALFORMED = "the request does not have the form asked for"
MOST = 100
"""So many errors are told; a body with more is told that there are more."""


def body_problems(model: Any, error: ValidationError) -> list[InvalidParam]:
    """The invalid params of a body; `model` is the annotation it was validated against."""
    if error.error_count() > 20 * MOST:  # making half a million messages would hold up everybody else
        return [invalid_param("", "too_many_errors", "too much of this body is invalid to tell it all")]
    errors = error.errors(include_url=False, include_input=False)
    params = _unique(_param(model, e) for e in errors[:MOST])
    if len(errors) > MOST:
        params.append(invalid_param("", "too_many_errors", "there are more errors than are told here"))
    return params


def parameter_problems(errors: Sequence[Any]) -> list[InvalidParam]:
    """The invalid params of FastAPI's own parameters: their names are ours."""
    params = []
    for error in errors[:MOST]:
        loc = error.get("loc", ())
        code, message = word(error)
        name = str(loc[1]) if len(loc) > 1 and loc[0] in ("query", "path", "header") else ""
        params.append(invalid_param(f"/{name}" if name else "", code, message, str(loc[0]) if name else ""))
    return _unique(params)


def _param(model: Any, error: Mapping[str, Any]) -> InvalidParam:
    loc = tuple(error["loc"])
    # an unknown member's name is the caller's: the parent is at fault
    place = loc[:-1] if error["type"] == "extra_forbidden" else loc
    code, message = word(error)
    return invalid_param(pointer(model, place), code, message)


def _unique(params: Any) -> list[InvalidParam]:
    seen: dict[tuple[str, str], InvalidParam] = {}
    for param in params:
        seen.setdefault((param["pointer"], param["code"]), param)
    return list(seen.values())


def pointer(model: Any, loc: Sequence[str | int]) -> str:
    """A JSON pointer along `loc` as far as it is made of the models' own member names and of indexes.

    It ends at the first thing that it does not know: a key of a dictionary was chosen by the caller. Steps that only
    name a branch of a union are left out.
    """
    here, parts = [model], []
    for step in loc:
        branches = list(_plain(here))
        if isinstance(step, int):
            below = [item for b in branches for item in _items(b, step)]
            if not below:
                break
        else:
            below = [f for b in branches for f in _members(b, step)]
            if not below:
                if any(_is_mapping(b) for b in branches):
                    break
                if len(branches) > 1:  # the name of a union's branch
                    continue
                break
        parts.append(str(step))
        here = below
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _plain(annotations: Sequence[Any]) -> Iterator[Any]:
    for annotation in annotations:
        origin = get_origin(annotation)
        if origin is Annotated:
            yield from _plain(get_args(annotation)[:1])
        elif origin is Union or origin is UnionType:
            yield from _plain(get_args(annotation))
        else:
            yield annotation


def _members(annotation: Any, name: str) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field_name, field in annotation.model_fields.items():
            if name in (field_name, field.alias):
                yield field.annotation


def _items(annotation: Any, index: int) -> Iterator[Any]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is tuple and args and args[-1] is not Ellipsis:
        yield from args[index : index + 1]
    elif isinstance(origin, type) and issubclass(origin, Collection) and not issubclass(origin, Mapping):
        yield from args[:1]
    elif annotation is list:
        yield Any


def _is_mapping(annotation: Any) -> bool:
    base = get_origin(annotation) or annotation
    return isinstance(base, type) and issubclass(base, Mapping)
