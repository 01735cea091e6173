"""Everything that the demo tells, the same on every run and every machine."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from libs.cli.demo.answers import answers
from libs.cli.demo.care import Promised, contacts, deliveries
from libs.cli.demo.cdnow import CURRENCY, Order, orders
from libs.cli.demo.complaints import Complaints, complaints
from libs.cli.demo.label import REAL, Told
from libs.cli.demo.people import people

SEED = "careledger demo 1"
"""Another number makes another world: its events would not be known again by a server that has this one."""


@dataclass(frozen=True, slots=True)
class World:
    """What there is to tell, by kind."""

    purchases: list[Told]
    deliveries: list[Told]
    contacts: list[Told]
    promised: list[Promised]
    answers: list[Told]
    complaints: Complaints


def world(real: list[Order] | None = None) -> World:
    """Makes it. Each kind draws from a source of its own, so that changing one leaves the others as they are."""
    bought = real if real is not None else orders()
    who = people(bought, Random(f"{SEED} people"))
    plain, promised = contacts(who, Random(f"{SEED} contacts"))
    return World(
        [_purchase(order) for order in bought],
        list(deliveries(who, Random(f"{SEED} deliveries"))),
        plain,
        promised,
        list(answers(who, Random(f"{SEED} answers"))),
        complaints(who, Random(f"{SEED} complaints")),
    )


def _purchase(order: Order) -> Told:
    name = f"cdnow-{order.number}"
    data = {"order": name, "amount": {"amount": order.amount, "currency": CURRENCY}}
    return Told("customer.purchased", name, order.at, data, order.reference, REAL)
