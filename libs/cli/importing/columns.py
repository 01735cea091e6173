"""Which column is which member of a body.

A column may have the member's own name, with dots for members of members (`household.size`), one of the short names
below, or be told by `--map column=member`. `items.<item>` is a survey item's perception; `items.<item>.expectation`
and `.importance` are its others. `custom.<key>` is a custom field, read as it was declared. Several columns may fill
one list (`--map mobile=phones --map landline=phones`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.cli.importing.values import BadValue, Reads, json, moment, number, text, texts, truth, whole

WHERE = {"staff": text, "department": text, "channel": text}
CUSTOMERS: dict[str, Reads] = {
    "ref": text, "refs": texts, "kind": text, "party": text, "stage": text, "paying": truth, "name": text,
    "emails": texts, "phones": texts, "addresses": texts, "source": text, "owner": text, "department": text,
    "credit_grade": text, "vip": truth, "vip_reason": text, "birthday": text, "special_dates": json, "household": json,
    "household.size": whole, "household.structure": text, "occupation": text, "economic_capacity": text,
    "background": text, "preferences": texts, "habits": texts, "requirements": texts, "custom": json, "at": moment,
}  # fmt: skip
PURCHASES: dict[str, Reads] = {
    "customer": text, "order": text, "amount": json, "amount.amount": text, "amount.currency": text, "refund_of": text,
    "at": moment,
}  # fmt: skip
ANSWERS: dict[str, Reads] = {
    "answer": text, "customer": text, "survey": text, "form": whole, "items": json, "nps": whole, "csat": number,
    "ces": whole, "had_problem": truth, "told_us": truth, "comment": text, "about": json, "about.touchpoint": text,
    "about.delivery": text, "about.complaint": text, "programme": text, **WHERE, "at": moment,
}  # fmt: skip
CUSTOM: dict[str, Reads] = {"number": number, "integer": whole, "boolean": truth, "choices": texts}
"""How the cells of custom fields are read, by the type that was declared; all others are text."""
KINDS = {"customers": CUSTOMERS, "purchases": PURCHASES, "answers": ANSWERS}
SHORT = {
    "customers": {"email": "emails", "phone": "phones", "address": "addresses", "customer": "ref"},
    "purchases": {"amount": "amount.amount", "currency": "amount.currency", "ref": "customer"},
    "answers": {"ref": "customer"},
}
GRADES = ("perception", "expectation", "importance")


class Unmapped(Exception):
    """No such member; says which column or member."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a column goes: the path of the member, and how its cells are read."""

    path: tuple[str, ...]
    reads: Reads

    @property
    def pointer(self) -> str:
        """The member as a JSON pointer."""
        return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.path)

    def put(self, body: dict[str, Any], value: Any) -> None:
        """Sets the member; a list that is there already is made longer. Raises `BadValue` where another column
        told it: which of them is right is not ours to say."""
        inner: Any = body
        for step in self.path[:-1]:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
        last = self.path[-1]
        if isinstance(inner, dict) and isinstance(inner.get(last), list) and isinstance(value, list):
            inner[last] = inner[last] + value
        elif isinstance(inner, dict) and last not in inner:
            inner[last] = value
        else:
            raise BadValue("told_twice", "is told by more than one column")


LEFT_OUT = Target((), text)
"""Where a column goes that nobody wants."""


@dataclass(slots=True)
class Columns:
    """The columns of one file of one kind. `mapped` is what `--map` says."""

    kind: str
    mapped: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, Target | None] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    """The types of custom fields by key, once the service has told them."""

    def __post_init__(self) -> None:
        for column, member in self.mapped.items():
            found = self._member(SHORT[self.kind].get(member, member)) if member else LEFT_OUT
            if found is None:
                raise Unmapped(f"--map: there is no member {member!r}")
            self.known[column] = found

    def find(self, column: str) -> Target | None:
        """Where a column goes, None where nothing says."""
        if column not in self.known:
            member = column.strip().lower().replace(" ", "_")
            self.known[column] = self._member(SHORT[self.kind].get(member, member))
        return self.known[column]

    def exactly(self, column: str) -> Target | None:
        """Where a column goes that holds a whole JSON object or list: the member of that very name first."""
        reads = None if column in self.mapped else KINDS[self.kind].get(column)
        return Target(tuple(column.split(".")), reads) if reads else self.find(column)

    @property
    def custom(self) -> bool:
        """Whether a column is known to go into a custom field."""
        return any(target and target.path[:1] == ("custom",) and target.path[1:] for target in self.known.values())

    def unknown(self, header: list[str]) -> list[str]:
        """The columns that go nowhere."""
        return [column for column in header if column and self.find(column) is None]

    def _member(self, member: str) -> Target | None:
        reads = KINDS[self.kind].get(member)
        if reads:
            return Target(tuple(member.split(".")), reads)
        first, _, rest = member.partition(".")
        if self.kind == "customers" and first == "custom" and rest:
            return Target((first, rest), lambda cell, zone: CUSTOM.get(self.declared.get(rest, ""), text)(cell, zone))
        if self.kind == "answers" and first == "items" and rest:
            item, _, grade = rest.rpartition(".")
            if not item or grade not in GRADES:
                item, grade = rest, GRADES[0]
            return Target(("items", item, grade), number)
        return None
