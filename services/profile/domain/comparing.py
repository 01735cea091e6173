"""What a merge would change: both records and the one that would come of them, member by member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.catalogue.customers import Side
from services.profile.domain.lists import Form, as_told
from services.profile.domain.persons import CHOOSABLE, joined
from services.profile.domain.state import Customer

_EDGE = "merged"


@dataclass(frozen=True, slots=True)
class Difference:
    """A member in which two records differ, and what it `becomes`; `side`: whose value that is, None for one that both
    have their part in."""

    field: str
    survivor: Any
    merged: Any
    becomes: Any
    side: Side | None


def differences(
    survivor: Customer, merged: Customer, choices: Mapping[str, Side], at: datetime, form: Form = as_told
) -> Iterator[Difference]:
    """All that two persons differ in, were they merged at `at`."""
    edge = merged.model_copy(update={"merged_into": "", "merge": "", "merged_at": at, "choices": dict(choices)})
    person = joined(survivor, {_EDGE: edge}, form=form)
    told: list[tuple[str, Any, Any, Any]] = [("stage", survivor.stage, merged.stage, person.stage)]
    told += [("value_class", survivor.value_class, merged.value_class, person.value_class)]
    told += [(m, survivor.record.get(m), merged.record.get(m), person.record.get(m)) for m in (*CHOOSABLE, "refs")]
    for field, ours, theirs, becomes in told:
        if ours != theirs:
            side: Side | None = "survivor" if becomes == ours else "merged" if becomes == theirs else None
            yield Difference(field, ours, theirs, becomes, side)
