"""Complaints put together."""

from __future__ import annotations

from libs.events.service import Definition
from services.complaints.api import complaints, steps
from services.complaints.domain.decide import ComplaintsDecider
from services.complaints.doors import DOORS
from services.complaints.projections.complaints import Complaints
from services.complaints.projections.people import PEOPLE
from services.complaints.reactions import REACTIONS
from services.complaints.settings import ComplaintsSettings

_RESOURCES = (complaints, steps)

SERVICE = Definition(
    name="complaints",
    decider=ComplaintsDecider(ComplaintsSettings().standards),
    doors=DOORS,
    views=lambda platform: (Complaints(), PEOPLE),
    reactions=lambda platform: REACTIONS,
    routers=lambda platform: [resource.router(platform) for resource in _RESOURCES],
    people=PEOPLE,
)
