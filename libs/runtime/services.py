"""Which services there are; their code is imported only when one is run."""

from __future__ import annotations

from importlib import import_module

from libs.events.service import Definition

SERVICES = ("profile", "care", "complaints", "scoring")


def definition(name: str) -> Definition:
    """The definition of a service. Raises `ValueError` for a name there is none of."""
    if name not in SERVICES:
        raise ValueError(f"no service {name!r}: there are {', '.join(SERVICES)}")
    found = import_module(f"services.{name}.app").SERVICE
    assert isinstance(found, Definition)
    return found
