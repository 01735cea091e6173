"""Profile put together."""

from __future__ import annotations

from libs.events.service import Definition, Periodic, Platform
from services.profile.api import customers, duplicates, erasure, history, leaving, merges, purchases, resolve, search
from services.profile.domain.decide import CustomerDecider
from services.profile.doors import DOORS
from services.profile.forgetting import EVERY, forget_the_rest
from services.profile.projections.customers import Customers
from services.profile.projections.merges import Merges
from services.profile.projections.search import Search
from services.profile.reactions import REACTIONS

_RESOURCES = (resolve, search, customers, purchases, leaving, erasure, merges, duplicates, history)


def _periodics(platform: Platform) -> tuple[Periodic, ...]:
    return (Periodic("forgetting", EVERY, lambda: forget_the_rest(platform)),)


SERVICE = Definition(
    name="profile",
    decider=CustomerDecider(),
    doors=DOORS,
    views=lambda platform: (Customers(), Merges(), Search(platform)),
    reactions=lambda platform: REACTIONS,
    routers=lambda platform: [resource.router(platform) for resource in _RESOURCES],
    periodics=_periodics,
)
