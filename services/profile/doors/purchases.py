"""The door of purchases: an order bought, or taken back under whichever id of the person it was bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from libs.events.catalogue.customers import CustomerPurchased
from libs.events.doors import Call, Door
from libs.events.identities import as_id
from libs.events.units import Unit
from services.profile.domain.commands import Hold, Purchase, order_name
from services.profile.domain.refunds import refunded
from services.profile.doors import bodies

IDS = "ids"
"""What a path tells besides: the ids of the person, the addressed one among them, with spaces between."""


def unknown_is_new(call: Call[Any]) -> bool:
    """Whether hearing of an unknown customer opens a record: not where a path names one."""
    return "id" not in call.path


def named_by(call: Call[Any]) -> str:
    """The reference by which the customer was named; "" where it was by their id."""
    return "" if as_id(call.named) else call.named


def purchase(call: Call[bodies.Purchase]) -> Unit:
    """The customer bought, or took an order back."""
    body, create, ref = call.body, unknown_is_new(call), named_by(call)
    if body.refund_of is None:
        return call.unit(Purchase(at=call.at, order=body.order, amount=body.amount, create=create, ref=ref))
    order, ids = body.refund_of, known_by(call)
    found = {each: fact for each in ids if (fact := call.recalled.get(order_name(each, order)))}
    buyer = next(iter(found), call.subject)
    # another id may have an order of that number, too: what was taken back under it is of its own
    beside = {
        each: refunded(call.states[each].state, order)
        for each in ids if each != call.subject and (each == buyer or each not in found)
    }  # fmt: skip
    paid = CustomerPurchased.model_validate(found[buyer].data) if found else None
    command = Purchase(
        at=call.at, order=body.order, amount=body.amount, refund_of=order, create=create, ref=ref,
        bought_by=buyer if buyer != call.subject else "", paid=paid.amount if paid else None,
        paid_back=bool(paid and paid.refund_of), refunded=sum(beside.values(), Decimal(0)),
    )  # fmt: skip
    holds = (
        call.request(each, Hold(at=call.at, order=order, refunded=amount), part=f"hold {each}", holds=True)
        for each, amount in beside.items()
    )
    return Unit((call.request(call.subject, command), *holds))


def known_by(call: Call[bodies.Purchase]) -> tuple[str, ...]:
    """The ids under which an order that is taken back may have been bought, the addressed one first."""
    if call.body.refund_of is None or not call.subject:
        return ()
    return tuple(dict.fromkeys([call.subject, *call.path.get(IDS, "").split()]))


def orders(call: Call[bodies.Purchase]) -> tuple[str, ...]:
    """The order that is taken back, under each of them."""
    return tuple(order_name(each, call.body.refund_of or "") for each in known_by(call))


PURCHASED = Door("customer.purchased", bodies.Purchase, purchase, follows=known_by, recalls=orders)
