"""Generated care: deliveries, contacts, and the promises made in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from libs.cli.demo.cdnow import CURRENCY, END
from libs.cli.demo.label import Told, generated
from libs.cli.demo.people import Person
from libs.events.values import rfc3339

PROGRAMMES = {1: ("welcome", 0.6, "1.20"), 3: ("advice on use", 0.5, "2.50"), 5: ("voucher", 0.7, "5.00")}
"""After which purchase day a programme is due, the share of customers who get it, and what it costs."""
CONTACTS = 0.1
"""Share of purchase days that lead to a contact."""
PROMISED = 0.4
"""Share of contacts in which something is promised."""
PROMISES = ("call back", "send the invoice", "order the missing disc", "exchange the disc", "look for an older record")


@dataclass(frozen=True, slots=True)
class Promised:
    """A contact with a promise in it, to be told by a call of its own: its answer tells the promise's id.
    `kept`: when it was kept, None where it was not."""

    key: str
    contact: Told
    kept: datetime | None


def deliveries(people: Sequence[Person], chance: Random) -> Iterator[Told]:
    """Care by programme, on time more often where customers are served well."""
    number = 0
    for person in people:
        for nth, day in enumerate(person.days(), 1):
            programme, share, cost = PROGRAMMES.get(nth, ("", 0.0, ""))
            if chance.random() >= share:
                continue
            number += 1
            on_time = chance.random() < 0.70 + 0.25 * person.mood
            days = chance.randint(1, 3) if on_time else chance.randint(6, 15)
            at = day + timedelta(days=days, hours=chance.randint(-3, 5))
            paid = {"amount": cost, "currency": CURRENCY}
            data = {
                "customer": person.reference, "programme": generated(programme), "on_time": on_time, "cost": paid,
                **person.served,
            }  # fmt: skip
            if at <= END:
                yield Told("care.delivered", f"delivery-{number}", at, data, person.reference)


def contacts(people: Sequence[Person], chance: Random) -> tuple[list[Told], list[Promised]]:
    """Contacts without a promise, and those with one."""
    plain: list[Told] = []
    promised: list[Promised] = []
    for person in people:
        for day in person.days():
            if chance.random() >= CONTACTS:
                continue
            at = day + timedelta(days=chance.randint(0, 20), hours=chance.randint(-4, 6))
            number = len(plain) + len(promised) + 1
            data: dict[str, Any] = {"customer": person.reference, **person.served, "direction": _either(chance)}
            told = Told("touchpoint.recorded", f"contact-{number}", at, data, person.reference)
            if chance.random() >= PROMISED:
                plain += [told] if at <= END else []
                continue
            due = at + timedelta(days=chance.randint(1, 7))
            what = generated(chance.choice(PROMISES))
            data["promises"] = [{"what": what, "due": rfc3339(due), "owner": data["staff"]}]
            kept = _kept(at, due, person, chance)
            if due <= END and at <= END:
                promised.append(Promised(f"demo-{told.id}", told, kept if kept and kept <= END else None))
    return plain, promised


def _either(chance: Random) -> str:
    return chance.choice(("in", "out"))


def _kept(made: datetime, due: datetime, person: Person, chance: Random) -> datetime | None:
    """Most promises are kept in time, some late, some never."""
    fate = chance.random() - 0.2 * (person.mood - 0.5)
    if fate < 0.82:
        return made + (due - made) * chance.uniform(0.1, 1.0)
    return due + timedelta(hours=chance.randint(1, 20)) if fate < 0.92 else None
