"""What customers are filtered by: one declaration for the body that asks, the tokens it becomes, and the documents.

A further filter is a member of `Filters`; where its values do not lie under the same name in the record, `READ` says
where. A customer may have several values of one (as of segments).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

from pydantic import Field

from libs.events.catalogue.customers import Kind, Stage, ValueClass
from libs.events.values import Body, Label, Text
from services.profile.domain.state import Customer
from services.profile.search.queries import Group
from services.profile.search.terms import Term

T = TypeVar("T")
Several = Annotated[list[T | None], Field(min_length=1, max_length=20)]
OneOf: TypeAlias = T | Several[T] | None
"""A value, null for those of whom none is known, or a list of which one is to be true."""


Value: TypeAlias = bool | int | float | Text


class Filters(Body):
    """What is asked of a customer beside the words. Each filter takes a value, null (nothing is known) or a list of
    them. A stage is the one that is shown: who was won back counts as active again, and is found by `won_back`; all
    who are served now are `["active", "won_back"]`. `custom`: by the keys of declared fields, a value or a list of
    them; of fields of several choices one is enough."""

    kind: OneOf[Kind] = None
    stage: OneOf[Stage] = None
    value_class: OneOf[ValueClass] = None
    owner: OneOf[Label] = None
    department: OneOf[Label] = None
    source: OneOf[Label] = None
    paying: OneOf[bool] = None
    credit_grade: OneOf[Label] = None
    vip: OneOf[bool] = None
    segment: OneOf[Label] = None
    custom: Annotated[
        dict[Annotated[str, Field(max_length=40)], Value | Annotated[list[Value], Field(min_length=1, max_length=20)]],
        Field(max_length=20),
    ] = Field(default_factory=dict)


PLAIN = tuple(name for name in Filters.model_fields if name != "custom")
READ: Mapping[str, Callable[[Customer], list[Any]]] = {
    "kind": lambda person: [person.kind],
    "stage": lambda person: [person.stage],
    "value_class": lambda person: [person.value_class],
    "vip": lambda person: [person.is_vip],
    "segment": lambda person: list(person.segments),
}
SORTED: Mapping[str, tuple[str | None, ...]] = {
    "stage": get_args(Stage),
    "value_class": (*get_args(ValueClass), None),
}
"""Filters that a list can be sorted by, with all their values in order."""


def of_person(person: Customer) -> Iterator[Term]:
    """What a person is filtered by: a term of every value of every filter, or of there being none."""
    for name in PLAIN:
        values = READ[name](person) if name in READ else [person.record.get(name)]
        yield from (term(name, value) for value in values or [None])
    for key, given in (person.record.get("custom") or {}).items():
        yield from (custom(key, value) for value in (given if isinstance(given, list) else [given]))


def groups(asked: Filters) -> Iterator[Group]:
    """What is asked for: one of the values of each filter that is given."""
    for name in PLAIN:
        if name in asked.model_fields_set:
            given = getattr(asked, name)
            yield frozenset(term(name, value) for value in (given if isinstance(given, list) else [given]))
    for key, wanted in asked.custom.items():
        yield frozenset(custom(key, value) for value in (wanted if isinstance(wanted, list) else [wanted]))


def everyone() -> Group:
    """What everybody is."""
    return frozenset(term("kind", kind) for kind in get_args(Kind))


def term(name: str, value: str | bool | None) -> Term:
    """The term of one value."""
    return Term(f"is {name}", "" if value is None else str(value))


def custom(key: str, value: Any) -> Term:
    """The term of a custom field's value: 1 and 1.0 are the same number."""
    whole = isinstance(value, float) and value.is_integer()
    return Term(f"is custom {key}", json.dumps(int(value) if whole else value, sort_keys=True))
