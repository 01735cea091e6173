"""Which of a person's facts count at a day, and how far each service has been heard."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from services.scoring.domain.fact import Fact

WORDS = {"profile": "customers", "care": "care", "complaints": "complaints"}
"""What the contract calls what each service tells."""

_in_order = attrgetter("time", "service", "key", "sequence", "subject", "id")


def admitted(facts: Iterable[Fact], as_of: datetime, known_at: datetime | None = None) -> list[Fact]:
    """The facts that happened by `as_of` and, where `known_at` is given, were recorded by then.

    Each once however often it is given, in the order of the fold; so a score is the same whatever came first.
    """
    known = {
        fact.id: fact for fact in facts if fact.time <= as_of and (known_at is None or fact.recorded <= known_at)
    }  # fmt: skip
    return sorted(known.values(), key=_in_order)


def applied(facts: Iterable[Fact]) -> dict[str, int]:
    """How many events of each service the facts stand for: each subject's last sequence, summed over the person's."""
    last: dict[tuple[str, str], int] = {}
    for fact in facts:
        subject = fact.service, fact.subject
        if fact.sequence > last.get(subject, 0):
            last[subject] = fact.sequence
    counts = dict.fromkeys(WORDS.values(), 0)
    for (service, _), sequence in last.items():
        if service in WORDS:
            counts[WORDS[service]] += sequence
    return counts
