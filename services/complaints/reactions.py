"""What complaints does about others' facts: whoever asked to be forgotten is forgotten here, too, however long ago."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from libs.events.catalogue import customers
from libs.events.catalogue.customers import ValueClass
from libs.events.envelope import Event
from libs.events.units import Request, Unit
from libs.events.views import Reaction
from services.complaints.domain.commands import Forget


def forget(event: Event, now: datetime, value_class: ValueClass | None) -> Sequence[Unit]:
    """Shreds the customer's key; no fact of our own is needed."""
    name = f"reaction forget {event.id}"
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    before = datetime.fromisoformat(event.data["before"])
    return (Unit((Request(event.subject, Forget(at=before), name, key, cause=event.id, erases=True),)),)


REACTIONS = (Reaction("forget", customers.TOPIC, "customer.erased", forget, always=True),)
