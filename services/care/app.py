"""Care put together."""

from __future__ import annotations

from libs.events.service import Definition, Periodic, Platform
from services.care.api import answers, deliveries, due, invitations, promises, surveys, touchpoints
from services.care.domain.decide import DECIDER
from services.care.doors import DOORS
from services.care.projections.consents import Consents
from services.care.projections.deliveries import Deliveries
from services.care.projections.forgotten import Forgotten
from services.care.projections.invitations import Invitations
from services.care.projections.people import PEOPLE
from services.care.projections.promises import Promises
from services.care.projections.surveys import Surveys
from services.care.projections.touchpoints import Touchpoints
from services.care.reactions import reactions
from services.care.settings import CareSettings
from services.care.standard import standard_surveys
from services.care.timers import tick

_RESOURCES = (deliveries, due, touchpoints, promises, surveys, answers, invitations)


def _periodics(platform: Platform) -> tuple[Periodic, ...]:
    settings = CareSettings()
    return (Periodic("run out", settings.look_seconds, lambda: tick(platform, settings)),)


SERVICE = Definition(
    name="care",
    decider=DECIDER,
    doors=DOORS,
    views=lambda platform: (
        Deliveries(), Touchpoints(), Promises(), Surveys(), Invitations(), Consents(), Forgotten(), PEOPLE,
    ),
    reactions=lambda platform: reactions(CareSettings().standards, platform.settings.zone),
    routers=lambda platform: [resource.router(platform) for resource in _RESOURCES],
    at_start=lambda platform: standard_surveys(),
    periodics=_periodics,
    people=PEOPLE,
)  # fmt: skip
