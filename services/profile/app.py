"""Profile put together."""

from __future__ import annotations

from libs.events.service import Definition, Periodic, Platform
from libs.events.views import View
from services.profile.api import (
    bulk,
    classifications,
    consents,
    contacts,
    customers,
    duplicates,
    erasure,
    fields,
    history,
    imports,
    leaving,
    merges,
    occasions,
    purchases,
    rates,
    resolve,
    search,
    segments,
    stages,
    vip,
)
from services.profile.domain.decide import CustomerDecider
from services.profile.doors import DOORS
from services.profile.jobs import classifying, segmenting
from services.profile.jobs.forgetting import EVERY, forget_the_rest
from services.profile.jobs.occasions import tell_what_is_near
from services.profile.projections.classes import Classes
from services.profile.projections.classifications import Classifications
from services.profile.projections.converting import Rates
from services.profile.projections.customers import Customers
from services.profile.projections.imports import Imports
from services.profile.projections.merges import Merges
from services.profile.projections.occasions import Occasions
from services.profile.projections.purchases import Purchases
from services.profile.projections.search import Search
from services.profile.projections.segments import Segments
from services.profile.projections.touched import Touched
from services.profile.projections.turns import Turns
from services.profile.reactions import REACTIONS
from services.profile.settings import settings

_RESOURCES = (
    resolve, search, fields, imports, customers, bulk, contacts, consents, purchases, leaving, erasure, merges,
    duplicates, history, occasions, rates, classifications, vip, segments, stages,
)  # fmt: skip


def _periodics(platform: Platform) -> tuple[Periodic, ...]:
    return (
        Periodic("forgetting", EVERY, lambda: forget_the_rest(platform)),
        Periodic("occasions", settings().look_seconds, lambda: tell_what_is_near(platform)),
        Periodic("classifying", classifying.EVERY, lambda: classifying.when_due(platform)),
        Periodic("segmenting", segmenting.EVERY, lambda: segmenting.segment(platform)),
    )


def _views(platform: Platform) -> tuple[View, ...]:
    return (
        Turns(), Customers(), Merges(), Segments(),  # read by others that come after them
        Search(platform), Purchases(), Rates(), Classes(), Classifications(), Occasions(platform), Imports(),
        Touched(),
    )  # fmt: skip


SERVICE = Definition(
    name="profile",
    decider=CustomerDecider(),
    doors=DOORS,
    views=_views,
    reactions=lambda platform: REACTIONS,
    routers=lambda platform: [resource.router(platform) for resource in _RESOURCES],
    periodics=_periodics,
)
