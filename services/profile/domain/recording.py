"""Stating and changing a record.

What other systems publish about one customer comes in any order, and none of them has seen the record. So a statement
with a key of its own becomes a fact just as it was told, even where it says nothing new or is older than what is known:
whether it matters can change with the next one that comes late. Whoever calls by HTTP is answered with the record as
they left it: of two calls for one moment the later one counts, and one that plainly repeats what is known is no news.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import CustomerRecorded, CustomerUpdated
from libs.events.decider import NewEvent, Refused
from services.profile.domain import records
from services.profile.domain.commands import Patch, Record
from services.profile.domain.records import INSTANT, Said
from services.profile.domain.stages import Move
from services.profile.domain.state import Customer


def record(command: Record, state: Customer) -> list[NewEvent]:
    """A record is opened, or stated again.

    A stage that is stated for a known customer only ever starts them off: it moves a prospect to active and nobody
    else, so that a system that sends all it has every night undoes nothing that happened.
    """
    if state.recorded and command.anew:
        if news(command, state):
            raise Refused("customer_exists", "this customer is known with another record", {"id": command.subject})
        return []
    if state.recorded and not command.keyed and not news(command, state):
        return []
    kind = CustomerUpdated if state.recorded else CustomerRecorded
    said = {**command.members, **given({"by": command.by or None})}
    return [NewEvent(kind(**said), at=command.at if command.published else counting(command, state))]


def news(command: Record, state: Customer) -> bool:
    """Whether anything is stated that is not known yet; where a moment was stated, for that moment."""
    stated = {name: value for name, value in command.members.items() if name != "stage"}
    if records.changes(state.record, state.touched, stated, counting(command, state)):
        return True
    at = {state.touched[slot].at for slot in records.slots(stated) if slot in state.touched}
    if command.dated and at - {command.at}:
        return True
    return command.members.get("stage") == "active" and starts(state, command)


def counting(command: Record, state: Customer) -> datetime:
    """The moment of a call, or just after what was stated for it before."""
    stated = [
        state.touched[slot].at for slot, value in records.slots(command.members).items()
        if slot in state.touched and records.value_of(state.record, slot) != value
    ]  # fmt: skip
    return records.just_after(command.at, stated)


def patch(command: Patch, state: Customer) -> list[NewEvent]:
    """Members are changed by somebody who has seen the version they change."""
    if command.versions is not None and state.version not in command.versions:
        raise Refused("version_mismatch", "this has changed since it was read", {"current": state.version})
    wanted = {name: value for name, value in command.patch.items() if name != "stage"}
    record, touched = seen(command, state)
    # Who has seen the present version means to change it, whatever moment it was stated for, and by whichever id.
    told = records.patched(record, wanted)
    at = max([command.at, *(records.last(touched, slot).at + INSTANT for slot in records.slots(told))])
    new = records.changes(record, touched, told, at)
    new |= stage(command, state)
    if command.across and new.keys() & records.LISTS:
        new["across"] = list(command.across)
    return [NewEvent(CustomerUpdated(**new, **given({"by": command.by or None})), at=at)] if new else []


def seen(command: Patch, state: Customer) -> tuple[records.Values, records.Times]:
    """The record that a patch is made for: the person's, wherever another id's statement is the newer."""
    record, touched = dict(state.record), dict(state.touched)
    for name, (value, at) in command.seen.items():
        if name not in touched or at > touched[name].at or records.value_of(record, name) != value:
            records.put(record, name, value)
            touched[name] = Said(at)
    return record, touched


def stage(command: Patch, state: Customer) -> dict[str, Any]:
    """The stage as a patch may set it: a prospect becomes active; everything else has a call of its own."""
    wanted = command.patch.get("stage")
    if wanted is None or wanted == state.stage:
        return {}
    if wanted == "active" and starts(state, command):
        return {"stage": wanted}
    played = state.played()
    detail = f"a customer who is {played.stage} does not become {wanted} by changing the record"
    raise Refused("out_of_order", detail, {"state": played.stage, "possible": played.possible})


def given(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def starts(state: Customer, command: Record | Patch) -> bool:
    """Whether stating *active* moves the customer."""
    move = Move(move="stated_active", at=command.at)
    return any(m is move for m in state.model_copy(update={"moves": (*state.moves, move)}).played().counted)
