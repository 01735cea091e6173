"""How a customer looks to callers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from libs.events.catalogue.customers import Kind, LossReason, Party, Stage, ValueClass
from libs.events.units import Verdict
from libs.events.values import Money
from services.profile.domain.records import MEMBERS
from services.profile.domain.stages import MoveName
from services.profile.domain.state import Customer
from services.profile.doors.bodies import Household, SpecialDate
from services.profile.search.likeness import flags
from services.profile.settings import settings


class AcquisitionShown(BaseModel):
    """How the customer was won."""

    channel: str
    cost: Money | None
    at: datetime


class Flag(BaseModel):
    """Something that is kept as it was given though it cannot be right: `bad_phone`, `bad_email`."""

    pointer: str
    code: Literal["bad_phone", "bad_email"]


class SegmentOf(BaseModel):
    """A segment that the customer is in."""

    id: str
    name: str


class CustomerShown(BaseModel):
    """A customer. `bare`: known only because something else was heard about them; `known_since`: when the first thing
    happened that is known; `merged_from`: the other ids of this person."""

    id: str
    kind: Kind
    stage: Stage
    stage_since: datetime | None
    stage_cause: MoveName | None
    stage_reason: LossReason | None
    value_class: ValueClass | None
    bare: bool
    known_since: datetime | None
    acquisition: AcquisitionShown | None
    party: Party | None = None
    paying: bool | None = None
    name: str | None = None
    emails: list[str] | None = None
    phones: list[str] | None = None
    addresses: list[str] | None = None
    refs: list[str] | None = None
    source: str | None = None
    owner: str | None = None
    department: str | None = None
    credit_grade: str | None = None
    vip: bool = False
    vip_reason: str | None = None
    birthday: date | None = None
    special_dates: list[SpecialDate] | None = None
    household: Household | None = None
    occupation: str | None = None
    economic_capacity: str | None = None
    background: str | None = None
    preferences: list[str] | None = None
    habits: list[str] | None = None
    requirements: list[str] | None = None
    custom: dict[str, Any] | None = None
    segments: list[SegmentOf] = []
    merged_from: list[str] = []
    flags: list[Flag] = []


class UpsertShown(CustomerShown):
    """`created`: the customer was not known before, or only barely."""

    created: bool


class CustomerPage(BaseModel):
    """A page of customers."""

    items: list[CustomerShown]
    next_cursor: str | None


class StageShown(BaseModel):
    """The customer and the stage they are in now."""

    id: str
    stage: Stage


class ErasureShown(BaseModel):
    """The customer is being forgotten."""

    id: str
    status: Literal["erased"]


def shown(subject: str, person: Customer, merged_from: Sequence[str] = ()) -> dict[str, Any]:
    """A customer as callers see it, in the same shape always."""
    played = person.played()
    return {
        "id": subject,
        "kind": person.kind,
        "stage": played.stage,
        "stage_since": played.last.at if played.last else person.since,
        "stage_cause": played.last.move if played.last else None,
        "stage_reason": played.last.reason if played.last else None,
        "value_class": person.value_class,
        "bare": person.bare,
        "known_since": person.since,
        "acquisition": person.acquisition.model_dump(exclude={"key"}) if person.acquisition else None,
        **{name: person.record.get(name) for name in MEMBERS if name not in ("kind", "vip")},
        "vip": person.is_vip,
        "segments": [{"id": segment, "name": of.name} for segment, of in sorted(person.segments.items())],
        "merged_from": list(merged_from),
        "flags": flags(person.record, settings().region),
    }


def written(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The customer as a write left them."""
    return shown(subject_of(verdicts), verdicts[0].state)


def staged(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The customer's stage as a write left it."""
    return {"id": subject_of(verdicts), "stage": verdicts[0].state.stage}


def subject_of(verdicts: Sequence[Verdict]) -> str:
    """Whom a write was about."""
    position = verdicts[0].position
    assert position is not None, "what was accepted stands somewhere"
    return position.subject


def record_version(verdicts: Sequence[Verdict]) -> int | None:
    """The version of the record that a write left, for `ETag`."""
    state: Customer = verdicts[0].state
    return state.version


def created(verdicts: Sequence[Verdict]) -> bool:
    """Whether a write opened a record (a bare one counts as none)."""
    told = verdicts[0]
    return told.status == "appended" and any(e.type == "customer.recorded" for e in told.events)
