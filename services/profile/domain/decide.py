"""What becomes of a wish about a customer."""

from __future__ import annotations

from typing import Any, assert_never

from libs.events.catalogue import customers as facts
from libs.events.decider import Absent, Happened, NewEvent
from libs.events.values import Data
from services.profile.domain import (
    classes,
    consents,
    fields,
    merging,
    moving,
    occasions,
    recording,
    refunds,
    segments,
    taking_back,
)
from services.profile.domain.commands import (
    Acquire,
    ChangeField,
    DeclareField,
    Erase,
    Hold,
    Link,
    Lose,
    Meet,
    Merge,
    Near,
    Patch,
    Purchase,
    Record,
    StateConsent,
    Stay,
    Unmerge,
    WinBack,
)
from services.profile.domain.evolve import evolve
from services.profile.domain.grouping import (
    Classify,
    CompleteRun,
    DefineSegment,
    Pass,
    RemoveSegment,
    StartRun,
    StateRate,
)
from services.profile.domain.state import Customer
from services.profile.domain.taking_back import Annul, GiveBack, Restore

Command = (
    Record | Patch | Meet | Link | Merge | Stay | Unmerge | Acquire | Purchase | Hold | Lose | WinBack | Near | Erase
    | Restore | Annul | GiveBack | StartRun | CompleteRun | Classify | DefineSegment | RemoveSegment | Pass
    | StateRate | DeclareField | ChangeField | StateConsent
)  # fmt: skip


class CustomerDecider:
    """The rules of one customer id."""

    version = 7
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
                return opening(state, True, asked.ref)
            case Link():
                return merging.link(asked, state)
            case Merge():
                return merging.merge(asked, state)
            case Stay():
                return merging.stay(asked, state)
            case Unmerge():
                return merging.unmerge(asked, state)
            case Acquire():
                fact: Data = facts.CustomerAcquired(channel=asked.channel, **given(cost=asked.cost))
                return [*opening(state, asked.create, asked.ref), NewEvent(fact)]
            case Purchase():
                refunds.check(asked, state)
                refund = given(refund_of=asked.refund_of)
                fact = facts.CustomerPurchased(order=asked.order, amount=asked.amount, **refund)
                return [*opening(state, asked.create, asked.ref), NewEvent(fact)]
            case Hold():
                return refunds.hold(asked, state)
            case Lose():
                return [*opening(state, asked.create, asked.ref), moving.lose(asked, state)]
            case WinBack():
                return [*opening(state, asked.create, asked.ref), moving.win_back(asked, state)]
            case Restore():
                return taking_back.restore(asked, state)
            case Annul():
                return taking_back.annul(asked, state)
            case GiveBack():
                return taking_back.give_back(asked)
            case Near():
                return occasions.near(asked, state)
            case Erase():
                if not asked.create:
                    known(state)
                return [NewEvent(facts.CustomerErased(reason=asked.reason, before=asked.at))]
            case StartRun():
                return classes.start(asked, state)
            case CompleteRun():
                return classes.complete(asked, state)
            case Classify():
                return classes.classify(asked, state)
            case StateConsent():
                return [*opening(state, asked.create, asked.ref), *consents.state_consent(asked, state.consents)]
            case StateRate():
                return classes.state_rate(asked, state)
            case DefineSegment():
                return segments.define(asked, state)
            case RemoveSegment():
                return segments.remove(asked, state)
            case Pass():
                return segments.pass_through(asked, state)
            case DeclareField():
                return fields.declare(asked, state.fields)
            case ChangeField():
                return fields.change(asked, state.fields)
            case _:
                assert_never(asked)


def known(state: Customer) -> Customer:
    """The state of a customer who must be known. Raises `Absent`."""
    if not state.known and not state.merged_into:
        raise Absent("unknown_customer", "there is no such customer")
    return state


def opening(state: Customer, create: bool, ref: str = "") -> list[NewEvent]:
    """The bare record that hearing of an unknown customer opens: external, and active once it bought. It keeps the
    reference by which they were named; who is known without it is given it once, the same way."""
    if not create:
        known(state)
        return []
    new = ref if ref not in (state.record.get("refs") or ()) else ""
    if state.known and not new:
        return []
    bare = facts.CustomerRecorded(bare=True, kind="external")
    return [NewEvent(facts.CustomerRecorded(bare=True, kind="external", refs=[new]) if new else bare, aside=True)]


def given(**members: Any) -> dict[str, Any]:
    """The members that are not None: facts state nothing that nobody said."""
    return {name: value for name, value in members.items() if value is not None}
