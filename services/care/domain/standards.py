"""Rule: how soon care is due after what calls for it, by programme and by the customer's class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

ANY_CLASS = "any"
DAYS: Mapping[str, Mapping[str, float]] = {
    "welcome": {ANY_CLASS: 3},
    "complaint_follow_up": {ANY_CLASS: 2},
    "recovery_care": {ANY_CLASS: 1},
    "retention_care": {ANY_CLASS: 2},
}
"""Defaults, in days; a class that is not named has the standard of `any`."""
OTHERWISE = 3.0


@dataclass(frozen=True, slots=True)
class Standards:
    """A company's standards: days by programme and class."""

    days: Mapping[str, Mapping[str, float]]

    def due(self, programme: str, since: datetime, value_class: str = ANY_CLASS) -> datetime:
        """When care that is called for at `since` must be given."""
        by_class = self.days.get(programme) or DAYS.get(programme) or {}
        days = by_class.get(value_class, by_class.get(ANY_CLASS, OTHERWISE))
        return since + timedelta(days=days)
