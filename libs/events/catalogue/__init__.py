"""The catalogue: every fact this product tells, as data models. Importing it registers them all."""

from libs.events.catalogue import care, classifications, complaints, customers, scores, segments
from libs.events.catalogue.registry import EventType, UnknownType, all_types, current, find, type_of

TOPICS = {
    "profile": customers.TOPIC,
    "care": care.TOPIC,
    "complaints": complaints.TOPIC,
    "scoring": scores.TOPIC,
}
"""The topic each service tells its facts on."""

INBOUND = {
    name: TOPICS[name].replace("careledger.", "careledger.inbound.") for name in ("profile", "care", "complaints")
}
"""The topic on which each service hears other systems."""

__all__ = [
    "INBOUND", "TOPICS", "EventType", "UnknownType", "all_types", "care", "classifications", "complaints", "current",
    "customers", "find", "scores", "segments", "type_of",
]  # fmt: skip
