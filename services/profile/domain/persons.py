"""Several customer ids that are one person: a merge is an edge, facts never move, and the person is the fold of all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.profile.domain.records import MEMBERS
from services.profile.domain.state import Customer

_EVER = datetime.min.replace(tzinfo=UTC)


def joined(survivor: Customer, others: Mapping[str, Customer]) -> Customer:
    """The person that the survivor and the ids merged into it are: of each member the latest statement, all moves and
    references, the survivor's class and version."""
    if not others:
        return survivor
    states = [survivor, *(others[name] for name in sorted(others))]
    record: dict[str, Any] = {}
    touched: dict[str, datetime] = {}
    for member in (m for m in MEMBERS if m != "refs"):
        said = [s for s in states if member in s.record]
        if said:
            latest = max(said, key=lambda s: s.touched.get(member, _EVER))
            record[member] = latest.record[member]
            touched[member] = latest.touched.get(member, _EVER)
    if refs := [ref for s in states for ref in s.record.get("refs") or ()]:
        record["refs"] = list(dict.fromkeys(refs))
    acquired = [s.acquisition for s in states if s.acquisition]
    return survivor.model_copy(
        update={
            "known": any(s.known for s in states),
            "bare": all(s.bare for s in states if s.known),
            "record": record,
            "touched": touched,
            "moves": tuple(move for s in states for move in s.moves),
            "since": min((s.since for s in states if s.since), default=None),
            "value_class": next((s.value_class for s in states if s.value_class), None),
            "acquisition": max(acquired, key=lambda a: a.at, default=None),
        }
    )
