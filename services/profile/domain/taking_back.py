"""Taking an import back: what it stated of a record is unsaid where nothing newer was said, its orders are taken back
in full, and their numbers are free again.

Nothing is deleted: the facts of the import stay, and new ones say what they are worth. Each part of a record becomes
what it was without them, down to the moment and key of the statement that counts again, so that whatever is stated
later, or comes late, meets the record as if the import had never been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from libs.events.catalogue import customers as facts
from libs.events.catalogue import type_of
from libs.events.decider import Moved, NewEvent, Plain
from libs.events.values import Money
from services.profile.domain import records
from services.profile.domain.commands import order_name
from services.profile.domain.records import First, Said
from services.profile.domain.refunds import refunded
from services.profile.domain.stages import Move
from services.profile.domain.state import Customer

PERSONAL = type_of(facts.CustomerRecorded).personal
Part = dict[str, Any] | None
"""What a part of a record was: its value, and the moment and key of its statement; None where nothing was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Plain):
    """Parts of the record become what they were. `stated`: the import's statements, which must still be those that
    count; `refs`: where references were first told without it (None: nowhere), `told` where as things stand; `starts`:
    what made the customer active without it (None: the same); `bare`: no record is left; `withdrawn`: the customer is
    no more."""

    imported: str
    parts: Mapping[str, Part]
    stated: Mapping[str, Said] = field(default_factory=dict)
    refs: Mapping[str, First | None] = field(default_factory=dict)
    told: Mapping[str, First] = field(default_factory=dict)
    starts: tuple[Move, ...] | None = None
    bare: bool = False
    withdrawn: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annul(Plain):
    """An order that an import brought is taken back: all that is left of it, with its `refunds` by the import."""

    subject: str
    imported: str
    order: str
    paid: Money
    refunds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack(Plain):
    """A refund that an import brought is taken back: its order is worth again what it was."""

    subject: str
    imported: str
    refund: str
    order: str
    amount: Money


def restore(command: Restore, state: Customer) -> list[NewEvent]:
    """The fact that takes the import's statements back. Raises `Moved` where something newer was said meanwhile."""
    if any(state.touched.get(slot) != said for slot, said in command.stated.items()) or any(
        state.first.get(ref) != here for ref, here in command.told.items()
    ):
        raise Moved("moved_meanwhile", "this record is being changed by somebody else; try again")
    personal: dict[str, Any] = {
        slot: part for slot, part in command.parts.items() if slot.partition(".")[0] in PERSONAL
    }
    plain = {slot: part for slot, part in command.parts.items() if slot not in personal}
    if command.refs:
        personal["refs"] = {
            ref: {"at": here.at.isoformat(), "key": here.key, "place": here.place} if here else None
            for ref, here in command.refs.items()
        }
    said: dict[str, Any] = {"personal": personal} if personal else {}
    if command.starts is not None:
        said["starts"] = [move.model_dump(mode="json", exclude={"reason"}) for move in command.starts]
    said |= {"bare": True} if command.bare else {}
    said |= {"withdrawn": True} if command.withdrawn else {}
    said |= {"by": command.by} if command.by else {}
    return [NewEvent(facts.CustomerRestored(imported=command.imported, parts=plain, **said))]


def annul(command: Annul, state: Customer) -> list[NewEvent]:
    """The refund of what is left; its order's number is free again."""
    left = max(command.paid.amount - refunded(state, command.order), Decimal(0))
    amount = Money(amount=left, currency=command.paid.currency)
    fact = facts.CustomerPurchased(
        order=f"undo:{command.imported}:{command.order}", amount=amount, refund_of=command.order, annuls=True,
        imported=command.imported,
    )  # fmt: skip
    names = (command.order, *command.refunds)
    return [NewEvent(fact, releases=tuple(order_name(command.subject, name) for name in names))]


def give_back(command: GiveBack) -> list[NewEvent]:
    """What the refund had taken is the order's again; the refund's number is free."""
    fact = facts.CustomerPurchased(
        order=f"undo:{command.imported}:{command.refund}", amount=command.amount, restores=command.order,
        imported=command.imported,
    )  # fmt: skip
    return [NewEvent(fact, releases=(order_name(command.subject, command.refund),))]


def parts_of(before: Customer, slots: Mapping[str, Said]) -> dict[str, Part]:
    """What parts of a record were `before`."""
    found: dict[str, Part] = {}
    for slot in slots:
        said = before.touched.get(slot)
        value = records.value_of(before.record, slot)
        found[slot] = {"value": value, "at": said.at.isoformat(), "key": said.key} if said else None
    return found
