"""How facts make the state of a customer id: the same in whatever order they were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from libs.events.catalogue import customers as facts
from libs.events.catalogue.classifications import ClassificationCompleted, ClassificationStarted, RateStated
from libs.events.catalogue.segments import CustomerSegmented, SegmentDefined, SegmentRemoved
from libs.events.decider import Happened
from services.profile.domain import consents, fields, records
from services.profile.domain.records import Said
from services.profile.domain.stages import Move, added, restarted
from services.profile.domain.state import Acquisition, Customer, Membership, Run, Segment


def evolve(state: Customer, event: Happened) -> Customer:
    """The state after one more fact."""
    data = event.data
    if isinstance(data, facts.CustomerPurchased) and _an_order(data) and _bought_before(state, event):
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
    if (one.segments, one.segment, one.acquisition) != (other.segments, other.segment, other.acquisition):
        return True
    return (one.touched, one.record) != (other.touched, other.record) or one.moves != other.moves


def _an_order(data: facts.CustomerPurchased) -> bool:
    return data.refund_of is None and data.restores is None


def _bought_before(state: Customer, event: Happened) -> bool:
    """Whether the customer was known, and had bought, before (keys order what is of one moment)."""
    if state.since is None or state.since > event.at:
        return False
    return any(move.move == "purchase" and (move.at, move.key) <= (event.at, event.key) for move in state.moves)


def _told(state: Customer, event: Happened) -> Customer:
    data, at = event.data, event.at
    match data:
        case facts.CustomerRecorded(bare=True):
            return _heard_of(state, data.refs or ())
        case facts.CustomerRestored():
            return _restored(state, data)
        case facts.Record():
            return _stated(state, data, Said(at, event.key))
        case facts.CustomerPurchased(restores=str(order)):
            rest = state.refunds.get(order, Decimal(0)) - data.amount.amount
            still = {name: amount for name, amount in state.refunds.items() if name != order}
            return state.model_copy(update={"refunds": still | ({order: rest} if rest > 0 else {})})
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


def _heard_of(state: Customer, refs: Iterable[str]) -> Customer:
    """The state after something else was heard, maybe by a reference."""
    new: dict[str, Any] = {} if state.known else {"known": True, "bare": True}
    known = state.record.get("refs") or ()
    if not set(refs) <= set(known):
        new["record"] = state.record | {"refs": records.references(state.first, [*known, *refs])}
    return state.model_copy(update=new) if new else state


def _stated(state: Customer, data: facts.Record, said: Said) -> Customer:
    told = data.model_dump(mode="json", exclude_unset=True, exclude={"bare", "stage", "by", "imported", "across"})
    record, touched = records.stated(state.record, state.touched, told, said)
    new: dict[str, Any] = {"known": True, "bare": False, "record": record, "touched": touched}
    if data.across and (lists := told.keys() & records.LISTS):
        whole = records.Whole(said, tuple(data.across))
        new["wholes"] = state.wholes | {name: max(whole, state.wholes.get(name, whole)) for name in lists}
    if refs := told.get("refs"):
        first = records.mentioned(state.first, refs, said)
        new |= {"record": record | {"refs": records.references(first, record.get("refs") or ())}, "first": first}
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
    new: dict[str, Any] = {"record": record, "touched": touched, "bare": state.bare or data.bare}
    if data.starts is not None:
        new["moves"] = restarted(state.moves, map(Move.model_validate, data.starts))
    parts = {**data.parts, **(data.personal or {})}
    if (refs := parts.pop("refs", None)) is not None:
        new["first"] = first = records.without(state.first, refs)
        record["refs"] = records.references(first, {*(record.get("refs") or ())} - (refs.keys() - first.keys())) or None
    for slot, part in parts.items():
        records.put(record, slot, part["value"] if part else None)
        if part:
            touched[slot] = Said(datetime.fromisoformat(part["at"]), part["key"])
        else:
            touched.pop(slot, None)
            record.pop(slot, None)
    return state.model_copy(update=new)
