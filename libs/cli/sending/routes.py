"""Which door an event goes in by."""

from __future__ import annotations

PREFIX = "careledger."
_DOORS = {
    "customer": "customers",
    "care": "care", "touchpoint": "care", "promise": "care", "survey": "care",
    "complaint": "complaints",
}  # fmt: skip
INBOUND = {door: f"careledger.inbound.{door}" for door in ("customers", "care", "complaints")}
"""The topic that other systems publish to, for each door."""


def door_of(event_type: object) -> str | None:
    """The door of an event type (`careledger.customer.purchased` → `customers`), None where it has none."""
    if not isinstance(event_type, str) or not event_type.startswith(PREFIX):
        return None
    return _DOORS.get(event_type.removeprefix(PREFIX).partition(".")[0])
