"""What profile does about others' facts: whoever is heard of elsewhere gets a bare record, so that they list and
resolve. That is true however old the fact is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from libs.events.catalogue import care, complaints
from libs.events.catalogue.customers import ValueClass
from libs.events.envelope import Event
from libs.events.identities import as_id
from libs.events.units import Request, Unit
from libs.events.views import Reaction
from services.profile.domain.commands import Meet


def meet(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
    """A bare record for a customer nobody told us about; nothing for who is known, or has no name."""
    if as_id(event.subject) is None:
        return ()
    name = f"reaction meet {event.id}"
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    return (Unit((Request(event.subject, Meet(at=event.time), name, key, cause=event.id),)),)


REACTIONS = tuple(
    Reaction("meet", topic, fact, meet, always=True)
    for topic, fact in (
        (care.TOPIC, "touchpoint.recorded"),
        (care.TOPIC, "care.delivered"),
        (care.TOPIC, "survey.answered"),
        (complaints.TOPIC, "complaint.spotted"),
    )
)
