"""Rule: how soon care is due after what calls for it, by programme and by the customer's class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.catalogue.customers import ValueClass

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

    def due(self, programme: str, since: datetime, value_class: ValueClass | None = None) -> datetime:
        """When care that is called for at `since` must be given to a customer of that class."""
        by_class = {**DAYS.get(programme, {}), **self.days.get(programme, {})}
        days = by_class.get(value_class or ANY_CLASS, by_class.get(ANY_CLASS, OTHERWISE))
        return since + timedelta(days=days)
