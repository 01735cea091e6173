"""Which data model each event type and version has, and how old versions become new ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from libs.events.values import Data, marks

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
FIRST_VERSION = 1


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of fact: its name without prefix, the topic it is told on, its current model and version."""

    name: str
    topic: str
    model: type[Data]
    version: int = FIRST_VERSION
    upcasts: dict[int, Upcast] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    generated: frozenset[str] = frozenset()
    unsaid: frozenset[str] = frozenset()
    """Both: what two equal histories may differ in."""

    def business(self, data: dict[str, Any]) -> dict[str, Any]:
        """`data` without what is sealed, generated or null: what two equal histories agree on."""
        unsaid = self.unsaid
        return {name: value for name, value in data.items() if value is not None and name not in unsaid}


class UnknownType(LookupError):
    """No such event type or version."""


_types: dict[str, EventType] = {}
_by_model: dict[type[Data], EventType] = {}


def event(name: str, topic: str, version: int = FIRST_VERSION, upcasts: dict[int, Upcast] | None = None) -> Any:
    """Registers a data model as the current version of an event type.

    Personal and generated marks may stand on top-level fields only, so that sealing and hashing stay simple;
    `upcasts[n]` turns the data of version n into that of version n + 1.
    """

    def register(model: type[Data]) -> type[Data]:
        personal = frozenset(n for n, f in model.model_fields.items() if marks(f)[0])
        generated = frozenset(n for n, f in model.model_fields.items() if marks(f)[1])
        known = EventType(name, topic, model, version, upcasts or {}, personal, generated, personal | generated)
        _types[name] = _by_model[model] = known
        return model

    return register


def type_of(model: type[Data]) -> EventType:
    """The event type whose data `model` is."""
    return _by_model[model]


def find(name: str) -> EventType:
    """The event type called `name`. Raises `UnknownType`."""
    try:
        return _types[name]
    except KeyError:
        raise UnknownType(name) from None


def all_types() -> list[EventType]:
    """Every registered type, by name."""
    return [_types[name] for name in sorted(_types)]


def current(name: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    """`data` lifted to the current version. Raises `UnknownType` for a version nobody wrote a model for."""
    known = find(name)
    if version == known.version:
        return data
    if not FIRST_VERSION <= version < known.version:
        raise UnknownType(f"{name} version {version}")
    for step in range(version, known.version):
        data = known.upcasts[step](data)
    return data
