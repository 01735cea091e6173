"""Stating and changing a record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from libs.events.catalogue.customers import CustomerRecorded, CustomerUpdated
from libs.events.decider import NewEvent, Refused
from services.profile.domain import records
from services.profile.domain.commands import Patch, Record
from services.profile.domain.stages import Move
from services.profile.domain.state import Customer

INSTANT = timedelta(microseconds=1)


def record(command: Record, state: Customer) -> list[NewEvent]:
    """A record is opened, or those members change that say something new.

    A stage that is stated for a known customer only ever starts them off: it moves a prospect to active and is passed
    over otherwise, so that a system that sends all it has every night undoes nothing that happened.
    """
    if not state.recorded:
        return [NewEvent(CustomerRecorded(**given({**command.members, "by": command.by or None})))]
    stated = {name: value for name, value in command.members.items() if name != "stage"}
    new = records.changes(state.record, state.touched, stated, command.at)
    if command.members.get("stage") == "active" and starts(state, command):
        new["stage"] = "active"
    if new and command.anew:
        raise Refused("customer_exists", "this customer is known with another record", {"id": command.subject})
    return [NewEvent(CustomerUpdated(**new, **given({"by": command.by or None})))] if new else []


def patch(command: Patch, state: Customer) -> list[NewEvent]:
    """Members are changed by somebody who has seen the version they change."""
    if command.versions is not None and state.version not in command.versions:
        raise Refused("version_mismatch", "this has changed since it was read", {"current": state.version})
    wanted = {name: value for name, value in command.patch.items() if name != "stage"}
    record, touched = seen(command, state)
    # Who has seen the present version means to change it, whatever moment it was stated for, and by whichever id.
    at = max([command.at, *(touched[name] for name in wanted if name in touched)])
    new = records.changes(record, touched, records.patched(record, wanted), at)
    new |= stage(command, state)
    return [NewEvent(CustomerUpdated(**new, **given({"by": command.by or None})), at=at)] if new else []


def seen(command: Patch, state: Customer) -> tuple[records.Values, records.Times]:
    """The record that a patch is made for: the person's, wherever another id's statement is the newer."""
    record, touched = dict(state.record), dict(state.touched)
    for name, (value, at) in command.seen.items():
        if name not in touched or at > touched[name] or record.get(name) != value:
            record[name] = value
            touched[name] = at + INSTANT  # just after it, for of two statements for one moment only one can count
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
    """The members that are not None: a new record states nothing that nobody said."""
    return {name: value for name, value in members.items() if value is not None}


def starts(state: Customer, command: Record | Patch) -> bool:
    """Whether stating *active* moves the customer."""
    move = Move(move="stated_active", at=command.at)
    return any(m is move for m in state.model_copy(update={"moves": (*state.moves, move)}).played().counted)
