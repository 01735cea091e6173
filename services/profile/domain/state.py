"""What is remembered of one customer id: a fold of its facts, the same in whatever order they were recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from libs.events.catalogue import customers as facts
from libs.events.catalogue.classifications import ClassificationCompleted, ClassificationStarted, RateStated
from libs.events.catalogue.customers import Stage, ValueClass
from libs.events.catalogue.segments import CustomerSegmented, SegmentDefined, SegmentRemoved
from libs.events.decider import Happened
from services.profile.domain import consents, fields, records
from services.profile.domain.consents import Consent
from services.profile.domain.fields import Field as CustomField
from services.profile.domain.records import First, Said
from services.profile.domain.stages import Move, Replay, added, replay


class Acquisition(BaseModel):
    """How the customer was won, last."""

    model_config = ConfigDict(frozen=True)

    channel: str
    cost: dict[str, str] | None
    at: datetime
    key: str = ""


class Run(BaseModel):
    """A classification run: what was asked, and what it found once it is done."""

    model_config = ConfigDict(frozen=True)

    asked: ClassificationStarted
    found: ClassificationCompleted | None = None


class Membership(BaseModel):
    """Being in a segment; `vip`: its members are VIPs."""

    model_config = ConfigDict(frozen=True)

    name: str
    vip: bool = False
    since: datetime


class Segment(BaseModel):
    """A segment as it is defined; `removed`: it is no more."""

    model_config = ConfigDict(frozen=True)

    defined: SegmentDefined
    removed: bool = False


class Customer(BaseModel):
    """One customer id. Some subjects are nobody, and have nothing else to them: a classification run, which is in
    `run`, a segment, in `segment`, a year's rates of two currencies, in `rates`, and the declarations of custom fields,
    in `fields`.

    `version` is the number of the last fact that changed what the record shows (the stage and the class among it);
    `touched` tells for which moment each member was last stated, `first` where each reference was first told; `since`
    when the first fact happened; `classified_at` and `classified_by` for which moment, under which key, the class was.
    `bare`: a record is there only because something else was heard. `merged_into`: the id whose person this one belongs
    to, by which `merge`, and whose values somebody chose then; `parted`: ids that it was merged into once.
    `refunds`: what was taken back, by order.
    """

    model_config = ConfigDict(frozen=True)

    known: bool = False
    bare: bool = False
    version: int = 0
    since: datetime | None = None
    record: dict[str, Any] = Field(default_factory=dict)
    touched: dict[str, Said] = Field(default_factory=dict)
    first: dict[str, First] = Field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    value_class: ValueClass | None = None
    classified_at: datetime | None = None
    classified_by: str = ""
    acquisition: Acquisition | None = None
    merged_into: str | None = None
    merge: str | None = None
    merged_at: datetime | None = None
    choices: dict[str, facts.Side] = Field(default_factory=dict)
    parted: tuple[str, ...] = ()
    consents: dict[str, Consent] = Field(default_factory=dict)
    segments: dict[str, Membership] = Field(default_factory=dict)
    run: Run | None = None
    rates: dict[str, tuple[str, str]] = Field(default_factory=dict)
    segment: Segment | None = None
    fields: dict[str, CustomField] = Field(default_factory=dict)
    refunds: dict[str, Decimal] = Field(default_factory=dict)

    @property
    def recorded(self) -> bool:
        """Whether somebody stated a record."""
        return self.known and not self.bare

    @property
    def kind(self) -> facts.Kind:
        """External unless stated otherwise."""
        stated: facts.Kind | None = self.record.get("kind")
        return stated or "external"

    @property
    def start(self) -> Stage:
        """Where the stage begins: a colleague is served from the first, everybody else may yet become a customer."""
        return "active" if self.kind == "internal" else "prospect"

    @property
    def is_vip(self) -> bool:
        """As somebody said by hand, else whether a segment of VIPs has them."""
        stated: bool | None = self.record.get("vip")
        return any(of.vip for of in self.segments.values()) if stated is None else stated

    def played(self, until: datetime | None = None) -> Replay:
        """The stage and what it came from, up to `until`."""
        return replay(self.moves, self.start, until)

    @property
    def stage(self) -> Stage:
        """The present stage."""
        return self.played().stage


def evolve(state: Customer, event: Happened) -> Customer:
    """The state after one more fact."""
    data = event.data
    if isinstance(data, facts.CustomerPurchased) and data.refund_of is None and _bought_before(state, event):
        return state  # by far the most frequent fact, and it changes nothing here
    if isinstance(event.data, facts.FieldDeclared):
        declared = {**state.fields, event.data.key: fields.of(event.data, event.sequence)}
        return state.model_copy(update={"fields": declared})
    new = _told(state, event)
    since = event.at if state.since is None else min(state.since, event.at)
    return new.model_copy(update={"since": since, "version": event.sequence if _differ(state, new) else state.version})


def _differ(one: Customer, other: Customer) -> bool:
    """Whether two states of a customer may show something else: that a value was stated again matters, too, where
    another id of the person states another."""
    if (one.known, one.bare, one.value_class) != (other.known, other.bare, other.value_class):
        return True
    if (one.segments, one.segment) != (other.segments, other.segment):
        return True
    return (one.touched, one.record) != (other.touched, other.record) or one.moves != other.moves


def _bought_before(state: Customer, event: Happened) -> bool:
    """Whether the customer was known, and had bought, before (keys order what is of one moment)."""
    if state.since is None or state.since > event.at:
        return False
    return any(move.move == "purchase" and (move.at, move.key) <= (event.at, event.key) for move in state.moves)


def _told(state: Customer, event: Happened) -> Customer:
    data, at = event.data, event.at
    match data:
        case facts.CustomerRecorded(bare=True):
            return state if state.known else state.model_copy(update={"known": True, "bare": True})
        case facts.CustomerRestored():
            return _restored(state, data)
        case facts.Record():
            return _stated(state, data, Said(at, event.key))
        case facts.CustomerPurchased(refund_of=None):
            return _moved(state, Move(move="purchase", at=at, key=event.key))
        case facts.CustomerPurchased(refund_of=str(order), annuls=True):
            still = {name: amount for name, amount in state.refunds.items() if name != order}
            return state.model_copy(update={"refunds": still})
        case facts.CustomerPurchased(refund_of=str(order)):
            before = state.refunds.get(order, Decimal(0))
            return state.model_copy(update={"refunds": {**state.refunds, order: before + data.amount.amount}})
        case facts.CustomerLost():
            return _moved(state, Move(move="loss", at=at, key=event.key, reason=data.reason))
        case facts.CustomerApproached():
            return state
        case facts.CustomerWonBack():
            return _moved(state, Move(move="win_back", at=at, key=event.key))
        case facts.CustomerClassified():
            if state.classified_at and (at, event.key) < (state.classified_at, state.classified_by):
                return state
            last = {"value_class": data.value_class, "classified_at": at, "classified_by": event.key}
            return state.model_copy(update=last)
        case facts.CustomerAcquired():
            if state.acquisition and (at, event.key) < (state.acquisition.at, state.acquisition.key):
                return state
            cost = data.cost.model_dump(mode="json") if data.cost else None
            acquisition = Acquisition(channel=data.channel, cost=cost, at=at, key=event.key)
            return state.model_copy(update={"acquisition": acquisition})
        case facts.CustomerConsented():
            heard = consents.heard(state.consents, data, Said(at, event.key))
            return state.model_copy(update={"consents": heard})
        case facts.CustomerMerged():
            edge = {"merged_into": data.survivor, "merge": data.merge, "merged_at": at, "choices": data.choices or {}}
            return state.model_copy(update=edge)
        case facts.CustomerUnmerged() if state.merge == data.merge:
            parted = tuple(sorted({*state.parted, data.survivor}))
            edge = {"merged_into": None, "merge": None, "merged_at": None, "choices": {}, "parted": parted}
            return state.model_copy(update=edge)
        case CustomerSegmented(change="entered"):
            since = state.segments[data.segment].since if data.segment in state.segments else at
            membership = Membership(name=data.name, vip=data.vip, since=since)
            return state.model_copy(update={"segments": {**state.segments, data.segment: membership}})
        case CustomerSegmented():
            left = {segment: of for segment, of in state.segments.items() if segment != data.segment}
            return state.model_copy(update={"segments": left})
        case SegmentDefined():
            return state.model_copy(update={"segment": Segment(defined=data)})
        case SegmentRemoved() if state.segment:
            return state.model_copy(update={"segment": Segment(defined=state.segment.defined, removed=True)})
        case RateStated():
            return state.model_copy(update={"rates": {**state.rates, data.day.isoformat(): (data.rate, data.source)}})
        case ClassificationStarted():
            return state.model_copy(update={"run": Run(asked=data)})
        case ClassificationCompleted() if state.run:
            return state.model_copy(update={"run": Run(asked=state.run.asked, found=data)})
        case _:
            return state


def _stated(state: Customer, data: facts.Record, said: Said) -> Customer:
    told = data.model_dump(mode="json", exclude_unset=True, exclude={"bare", "stage", "by", "imported"})
    record, touched = records.stated(state.record, state.touched, told, said)
    new = {"known": True, "bare": False, "record": record, "touched": touched}
    if refs := told.get("refs"):
        first = records.mentioned(state.first, refs, said)
        new |= {"record": record | {"refs": list(first)}, "first": first}
    stated = state.model_copy(update=new)
    return _moved(stated, Move(move="stated_active", at=said.at, key=said.key)) if data.stage == "active" else stated


def _moved(state: Customer, move: Move) -> Customer:
    return state.model_copy(update={"moves": added(state.moves, move)})


def _restored(state: Customer, data: facts.CustomerRestored) -> Customer:
    """The state after an import was taken back."""
    if data.withdrawn:
        return state.model_copy(
            update={"known": False, "bare": False, "record": {}, "touched": {}, "first": {}, "moves": ()}
        )
    record, touched = dict(state.record), dict(state.touched)
    for slot, part in {**data.parts, **(data.personal or {})}.items():
        records.put(record, slot, part["value"] if part else None)
        if part:
            touched[slot] = Said(datetime.fromisoformat(part["at"]), part["key"])
        else:
            touched.pop(slot, None)
            record.pop(slot, None)
    return state.model_copy(update={"record": record, "touched": touched})
