"""The door of contacts: one of them added, changed or removed in a record that the caller has seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from libs.events.decider import Invalid
from libs.events.doors import Call, Door
from libs.events.units import Unit
from libs.events.values import Body, Label, Moment, Text
from services.profile.domain.commands import Patch
from services.profile.domain.contacts import Kind
from services.profile.doors.bodies import UNSAID, Email, Phone

LONGEST: Mapping[Kind, int] = {"phone": 40, "email": 320, "address": 4000, "person": 200}
"""Characters of a value."""


class ContactBody(Body):
    """A way to reach the customer. `value`: the number or address as people give it (kept even where it is none, and
    flagged), or a contact person's name; `role`, `phone` and `email` are such a person's. `label`: home, work, or else.
    `primary`: the first of its kind from now on; `verified`: somebody has reached them by it."""

    kind: Kind
    value: Text
    label: Label | None = None
    primary: bool = False
    verified: bool = False
    role: Label | None = None
    phone: Phone | None = None
    email: Email | None = None
    at: Moment | None = None


class ContactPatch(Body):
    """A JSON merge patch of a contact; its kind stays. With another value it is not verified unless it says so."""

    value: Text = UNSAID
    label: Label | None = None
    primary: bool = UNSAID
    verified: bool = UNSAID
    role: Label | None = None
    phone: Phone | None = None
    email: Email | None = None
    at: Moment | None = None


def check(kind: Kind, members: Mapping[str, Any]) -> None:
    """Raises `Invalid` for what a contact of this kind does not have."""
    if len(members.get("value") or "") > LONGEST[kind]:
        raise Invalid("value_too_long", "this is longer than a contact of its kind can be", pointer="/value")
    for name in ("role", "phone", "email"):
        if kind != "person" and members.get(name) is not None:
            raise Invalid("persons_only", "only a contact person has this", pointer=f"/{name}")


class Reaching(Body):
    """Members of a record that change with a contact, in the version that was seen, and what was seen, across which
    merges (as in a patch of the record)."""

    members: dict[str, Any]
    versions: frozenset[int]
    seen: dict[str, tuple[Any, datetime]] = Field(default_factory=dict)
    across: tuple[str, ...] = ()
    at: datetime | None = None


def reach(call: Call[Reaching]) -> Unit:
    """The record is patched."""
    asked = call.body
    return call.unit(
        Patch(
            at=call.at, patch=asked.members, versions=asked.versions, seen=asked.seen, across=asked.across, by=call.by
        )
    )  # fmt: skip


def _nobody(body: object) -> None:
    return


REACHED = Door("", Reaching, reach, customer=_nobody)
