"""Orders that are taken back, wholly or in part: in the currency they were paid in, and never for more than that."""

from __future__ import annotations

from decimal import Decimal

from libs.events.decider import Moved, NewEvent, Refused
from libs.events.values import Money
from services.profile.domain.commands import Hold, Purchase
from services.profile.domain.state import Customer


def check(command: Purchase, state: Customer) -> None:
    """Raises `Refused` where an order cannot be taken back so; `Moved` where it was not there yet when looked for."""
    paid = command.paid
    if command.refund_of is None:
        return
    if paid is None:
        raise Moved("moved_meanwhile", "the order has only just become known; try again")
    if command.paid_back:
        raise Refused("refund_of_refund", "what is to be taken back was a refund itself")
    if command.amount.currency != paid.currency:
        raise Refused("other_currency", "a refund is in the currency of its order", {"currency": paid.currency})
    left = paid.amount - command.refunded - refunded(state, command.refund_of)
    if command.amount.amount > left:
        rest = Money(amount=max(left, Decimal(0)), currency=paid.currency)
        detail = "refunds of an order come to no more than it was"
        raise Refused("refund_exceeds_order", detail, {"left": rest.model_dump(mode="json")})


def hold(command: Hold, state: Customer) -> list[NewEvent]:
    """Raises `Moved` where more was taken back under another id of the person since that was added up."""
    if refunded(state, command.order) != command.refunded:
        raise Moved("moved_meanwhile", "the same order is being taken back by somebody else; try again")
    return []


def refunded(state: Customer, order: str) -> Decimal:
    """What of an order was taken back under one id."""
    return state.refunds.get(order, Decimal(0))

