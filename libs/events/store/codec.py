"""Between plain facts of the domain and facts as they are kept: sealing, encoding, folding."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

from libs.events import catalogue
from libs.events.decider import Decider, Happened
from libs.events.envelope import Event
from libs.events.store.instants import from_micros
from libs.events.values import Data
from libs.events.vault import SubjectKey

S = TypeVar("S", bound=BaseModel)
_PLAIN, _SEALED = b"\x00", b"\x01"


def sealed_data(data: Data, event_id: str, key: SubjectKey | None) -> dict[str, Any]:
    """The JSON value of a fact's data with its personal fields sealed; only members that were set are there."""
    # what `model_dump` does, without the half of its cost that goes into options which nobody chose
    dumped: dict[str, Any] = type(data).__pydantic_serializer__.to_python(data, mode="json", exclude_unset=True)
    for field in catalogue.type_of(type(data)).personal:
        if dumped.get(field) is not None:
            assert key is not None, "a subject with personal data has a key"
            dumped[field] = key.seal(event_id, field, dumped[field])
    return dumped


def has_personal(data: Data) -> bool:
    """Whether some personal field holds something."""
    personal = catalogue.type_of(type(data)).personal
    return bool(personal) and any(getattr(data, field) is not None for field in personal)


def opened_data(
    type_name: str, version: int, data: dict[str, Any], event_id: str, key: SubjectKey | None
) -> dict[str, Any]:
    """The data in its current version with personal fields in plain, or None where the key was shredded."""
    current = dict(catalogue.current(type_name, version, data))
    for field in catalogue.find(type_name).personal:
        leaf = current.get(field)
        if isinstance(leaf, dict) and leaf.keys() == {"sealed"}:
            current[field] = key.open(field, leaf, event_id) if key else None
    return current


class Folding(Generic[S]):
    """Folds facts with one service's decider, and keeps states as snapshots."""

    def __init__(self, decider: Decider[S]) -> None:
        self.decider = decider

    def dump(self, state: S, key: SubjectKey | None, subject: str) -> bytes:
        """A snapshot: sealed where the subject has a key."""
        plain = state.model_dump_json(exclude_defaults=True).encode()
        return _SEALED + key.seal_bytes(f"state {subject}", plain) if key else _PLAIN + plain

    def is_sealed(self, snapshot: bytes | None) -> bool:
        """Whether a snapshot needs its subject's key."""
        return snapshot is not None and snapshot[:1] == _SEALED

    def load(self, snapshot: bytes, key: SubjectKey | None, subject: str) -> S:
        """The state in a snapshot."""
        plain = snapshot[1:]
        if key and snapshot[:1] == _SEALED:
            plain = key.open_bytes(f"state {subject}", plain)
        return self.decider.state.model_validate_json(plain)

    def evolve(self, state: S, row: Any, key: SubjectKey | None) -> S:
        """The state after a fact, given as a row of `events`."""
        raw = opened_data(row.type, row.version, orjson.loads(row.data), row.id, key)
        data = catalogue.find(row.type).model.model_validate(raw)
        return self.decider.evolve(state, Happened(data, from_micros(row.time), row.sequence, row.id, row.key))


def event_of(row: Any, service: str, data: dict[str, Any]) -> Event:
    """The fact in a row of `events`, with the given data."""
    return Event(
        id=row.id, type=row.type, version=row.version, service=service, subject=row.subject, sequence=row.sequence,
        time=from_micros(row.time), recorded=from_micros(row.recorded), key=row.key, data=data, epoch=row.epoch,
        cause=row.cause,
    )  # fmt: skip


def later(one: datetime, other: datetime | None) -> datetime:
    """The later of two moments."""
    return one if other is None or one > other else other
