"""How well each customer was served: drawn once, so that their answers, promises and complaints tell one story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from random import Random

from libs.cli.demo.cdnow import Order
from libs.cli.demo.label import generated

DEPARTMENTS = {"shop": generated("shop"), "web": generated("web shop"), "phone": generated("hotline")}
"""The department behind each channel."""
SKILL = {
    ("shop", "lan"): 0.10, ("shop", "minh"): 0.00, ("web", "hoa"): 0.05, ("web", "tuan"): -0.05,
    ("phone", "mai"): 0.05, ("phone", "quang"): -0.15,
}  # fmt: skip
"""Who serves in each channel, and how much better than usual they do it."""
DISSATISFIED_BELOW = 0.4


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the demo. `mood`: how well they are served, 0 to 1; `orders` are theirs, in time."""

    reference: str
    orders: tuple[Order, ...]
    mood: float
    channel: str
    staff: str

    @property
    def served(self) -> dict[str, str]:
        """By whom, where and how they are served, as bodies say it."""
        return {"staff": generated(self.staff), "department": DEPARTMENTS[self.channel], "channel": self.channel}

    @property
    def dissatisfied(self) -> bool:
        return self.mood < DISSATISFIED_BELOW

    def days(self) -> list[datetime]:
        """The moments of their purchases, one a day."""
        return [next(same).at for _, same in groupby(self.orders, key=lambda o: o.at.date())]


def people(orders: Sequence[Order], chance: Random) -> list[Person]:
    """A person for each customer; those who came back are, by and large, those who are served well."""
    found = []
    for reference, own in groupby(orders, key=lambda o: o.reference):
        theirs = tuple(own)
        returned = min(len({o.at.date() for o in theirs}) - 1, 6)
        channel, staff = chance.choice(list(SKILL))
        mood = chance.betavariate(2.6 + 0.5 * returned, 2.2) + SKILL[channel, staff]
        found.append(Person(reference, theirs, min(max(mood, 0.0), 1.0), channel, staff))
    return found
