"""What becomes of a wish about a customer."""

from __future__ import annotations

from typing import Any, assert_never

from libs.events.catalogue import customers as facts
from libs.events.decider import Absent, Happened, NewEvent, Refused
from libs.events.values import Data
from services.profile.domain import moving, recording
from services.profile.domain.commands import Acquire, Erase, Link, Lose, Meet, Patch, Purchase, Record, WinBack
from services.profile.domain.state import Customer, evolve

Command = Record | Patch | Meet | Link | Acquire | Purchase | Lose | WinBack | Erase


class CustomerDecider:
    """The rules of one customer id."""

    version = 1
    state = Customer

    def initial(self) -> Customer:
        return Customer()

    def evolve(self, state: Customer, event: Happened) -> Customer:
        return evolve(state, event)

    def decide(self, command: Any, state: Customer) -> list[NewEvent]:
        asked: Command = command
        match asked:
            case Record():
                return recording.record(asked, state)
            case Patch():
                return recording.patch(asked, known(state))
            case Meet():
                return opening(state, create=True)
            case Link():
                return link(asked, state)
            case Acquire():
                fact: Data = facts.CustomerAcquired(channel=asked.channel, **given(cost=asked.cost))
                return [*opening(state, asked.create), NewEvent(fact)]
            case Purchase():
                refund = given(refund_of=asked.refund_of)
                fact = facts.CustomerPurchased(order=asked.order, amount=asked.amount, **refund)
                return [*opening(state, asked.create), NewEvent(fact)]
            case Lose():
                return [*opening(state, asked.create), moving.lose(asked, state)]
            case WinBack():
                return [*opening(state, asked.create), moving.win_back(asked, state)]
            case Erase():
                known(state)
                return [NewEvent(facts.CustomerErased(reason=asked.reason, before=asked.at))]
            case _:
                assert_never(asked)


def known(state: Customer) -> Customer:
    """The state of a customer who must be known. Raises `Absent`."""
    if not state.known and not state.merged_into:
        raise Absent("unknown_customer", "there is no such customer")
    return state


def opening(state: Customer, create: bool) -> list[NewEvent]:
    """The bare record that hearing of an unknown customer opens: external, and active once it bought."""
    if create and not state.known and not state.merged_into:
        return [NewEvent(facts.CustomerRecorded(bare=True, kind="external"), aside=True)]
    known(state)
    return []


def link(command: Link, state: Customer) -> list[NewEvent]:
    """Joins the subject of a further reference to its person, unless the two are joined already, either way round."""
    if state.merged_into == command.survivor or command.reference in (state.record.get("refs") or ()):
        return []
    if state.merged_into:
        raise Refused("merged_elsewhere", "one of the references belongs to another person already")
    return [NewEvent(facts.CustomerMerged(merge=command.merge, survivor=command.survivor), (f"merge:{command.merge}",))]


def given(**members: Any) -> dict[str, Any]:
    """The members that are not None: facts state nothing that nobody said."""
    return {name: value for name, value in members.items() if value is not None}
