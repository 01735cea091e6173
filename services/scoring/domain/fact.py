"""One fact as scoring keeps it, and the hash that says whether two histories are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, Self

from libs.events.canonical import canonical
from libs.events.catalogue import current, find
from libs.events.envelope import Event
from libs.events.values import rfc3339

UNHASHED = frozenset({
    "customer.merged", "customer.unmerged",                                      # who is one person, not what happened
    "satisfaction.changed", "loyalty.changed", "model.fitted", "customer.segmented",         # conclusions of ours
    "customer.occasion_neared", "care.missed", "promise.broken",                 # told by a clock: whether it struck
    "complaint.overdue", "complaint.rescinded",                                  # yet, equal histories may differ in
})  # fmt: skip
"""Types that no person and no other system told: folded, but not hashed."""

SAME = {"customer.updated": "customer.recorded"}
"""Types that are one in the hash: whether a statement opened a record or found one depends on what was heard before."""


class Fact(NamedTuple):
    """An event without its personal fields, which scoring could not read, at the current version of its type.

    `canonical` is its part of `state_hash` (canonical JSON), None where it has none.
    """

    service: str
    subject: str
    sequence: int
    id: str
    epoch: int
    type: str
    version: int
    time: datetime
    recorded: datetime
    key: str
    cause: str
    data: dict[str, Any]
    canonical: bytes | None

    @property
    def order(self) -> tuple[datetime, str, str, int, str, str]:
        """The order of the fold: when it happened, then source and key; the rest only makes it total."""
        return self.time, self.service, self.key, self.sequence, self.subject, self.id

    @classmethod
    def of(cls, event: Event) -> Self:
        """What scoring keeps of `event`. Raises `UnknownType`, and ValueError for data that is no JSON."""
        known = find(event.type)
        data = current(event.type, event.version, event.data)
        if not known.personal.isdisjoint(data):
            data = {name: value for name, value in data.items() if name not in known.personal}
        form = None
        if not (event.cause or event.type in UNHASHED or (event.type == "customer.recorded" and data.get("bare"))):
            form = canonical(
                {"data": known.business(data), "key": event.key, "time": rfc3339(event.time),
                 "type": SAME.get(event.type, event.type)}
            )
        return cls(
            event.service, event.subject, event.sequence, event.id, event.epoch, event.type, known.version,
            event.time, event.recorded, event.key, event.cause, data, form,
        )  # fmt: skip


def _hash_order(fact: Fact) -> tuple[datetime, str, str, int, bytes]:
    # Not `order`: subjects and ids are generated and differ between deployments that tell the same history.
    return fact.time, fact.service, fact.key, fact.sequence, fact.canonical or b""


def state_hash(facts: Iterable[Fact]) -> str:
    """SHA-256, in hex, of the canonical JSON array of the facts' hash forms, in the order of the fold.

    Every fact is to be given once; their order does not matter.
    """
    hashed = sorted((fact for fact in facts if fact.canonical is not None), key=_hash_order)
    return hashlib.sha256(b"[" + b",".join(fact.canonical or b"" for fact in hashed) + b"]").hexdigest()
