"""How a customer can be reached: phones, e-mails, addresses, and for companies the people there.

The lists `phones`, `emails` and `addresses` of the record say which there are, the first of each being the primary one;
whoever states such a list states all of it. What else is known (a label, whether it was verified) is kept beside, by
the contact's id, and counts for as long as its value is in the list. Contact persons are in no list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from libs.events.decider import Absent, Refused

Kind = Literal["phone", "email", "address", "person"]
LISTS: dict[Kind, str] = {"phone": "phones", "email": "emails", "address": "addresses"}
"""The member of the record that has the values of a kind."""
MOST = 20
"""Contacts of one kind."""
Naming = Callable[[Kind, str], str]
"""Gives an id to a value of which nothing else is known."""


class Contact(BaseModel):
    """One way to reach a customer. Of a person `value` is the name."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    value: str
    label: str | None = None
    primary: bool = False
    verified: bool = False
    role: str | None = None
    phone: str | None = None
    email: str | None = None


def contacts_of(record: Mapping[str, Any], naming: Naming) -> list[Contact]:
    """All contacts in a record, the primary one of each kind first."""
    known = record.get("contacts") or {}
    found: list[Contact] = []
    for kind, member in LISTS.items():
        by_value = {each["value"]: id for id, each in known.items() if each["kind"] == kind}
        for n, value in enumerate(dict.fromkeys(record.get(member) or ())):
            id = by_value.get(value) or _free(kind, value, known, naming)
            found.append(Contact(**{**known.get(id, {}), "id": id, "kind": kind, "value": value, "primary": n == 0}))
    people = [Contact(id=id, **each) for id, each in known.items() if each["kind"] == "person"]
    return [*found, *sorted(people, key=lambda person: (not person.primary, person.value, person.id))]


def _free(kind: Kind, value: str, known: Mapping[str, Any], naming: Naming) -> str:
    """An id for a value of which nothing is known: another one where a contact that has got another value since keeps
    the id it had with this one."""
    id, n = naming(kind, value), 1
    while id in known:
        id, n = naming(kind, f"{value} {n}"), n + 1
    return id


def find(id: str, contacts: Iterable[Contact]) -> Contact:
    """The contact of an id. Raises `Absent`."""
    for contact in contacts:
        if contact.id == id:
            return contact
    raise Absent("unknown_contact", "there is no such contact")


def added(new: Contact, contacts: Sequence[Contact]) -> dict[str, Any]:
    """What a record states with one contact more. Raises `Refused` where it is there otherwise."""
    alike = [c for c in contacts if c.kind == new.kind]
    same = next((c for c in alike if c.value == new.value), None)
    if same:
        if same == new.model_copy(update={"id": same.id, "primary": same.primary or new.primary}):
            return _stated(same, alike)
        raise Refused("contact_exists", "this is known with other details", {"id": same.id})
    if len(alike) >= MOST:
        raise Refused("too_many_contacts", "there are too many contacts of this kind", {"most": MOST})
    return _stated(new, [*alike, new])


def changed(new: Contact, contacts: Sequence[Contact]) -> dict[str, Any]:
    """What a record states with one contact (that of the same id) become another. A value that nobody has verified is
    not verified."""
    alike = [new if c.id == new.id else c for c in contacts if c.kind == new.kind]
    if sum(c.value == new.value for c in alike) > 1 and new.kind != "person":
        raise Refused("contact_exists", "another contact has this value")
    return _stated(new, alike)


def removed(old: Contact, contacts: Sequence[Contact]) -> dict[str, Any]:
    """What a record states without one contact."""
    rest = [c for c in contacts if c.kind == old.kind and c.id != old.id]
    return {**_listed(old.kind, rest), "contacts": {old.id: None}}


def _stated(one: Contact, alike: Sequence[Contact]) -> dict[str, Any]:
    """What a record states of one contact among those of its kind."""
    details = {one.id: _details(one)}
    if one.kind == "person":
        before = [c for c in alike if one.primary and c.primary and c.id != one.id]
        return {"contacts": details | {c.id: _details(c.model_copy(update={"primary": False})) for c in before}}
    rest = [c for c in alike if c.id != one.id]
    place = next(n for n, c in enumerate(alike) if c.id == one.id)
    if one.primary:
        place = 0
    elif place == 0 and rest:  # it was, and is no longer
        place = 1
    return {**_listed(one.kind, [*rest[:place], one, *rest[place:]]), "contacts": details}


def _listed(kind: Kind, alike: Iterable[Contact]) -> dict[str, Any]:
    return {} if kind == "person" else {LISTS[kind]: [c.value for c in alike]}


def _details(contact: Contact) -> dict[str, Any]:
    told = contact.model_dump(exclude={"id"}, exclude_defaults=True)
    if contact.kind != "person":
        told.pop("primary", None)  # its place in the list says that
    return told
