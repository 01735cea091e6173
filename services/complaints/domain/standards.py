"""Within what time a complaint must be put right to count as corrected promptly.

The standard depends on how serious the complaint is and on the customer's class; a class without an entry of its own
has the severity's. Hours are wall-clock hours from spotting, or from reopening where it was reopened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from libs.events.catalogue.complaints import Severity
from libs.events.catalogue.customers import ValueClass


class Standards(BaseModel):
    """A deployment's time standards, in hours. The defaults are ours: the texts say *promptly*, not how soon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    serious: PositiveFloat = 24
    minor: PositiveFloat = 72
    by_class: dict[ValueClass, dict[Severity, PositiveFloat]] = Field(default_factory=dict)
    """Tighter (or looser) standards of single classes: `{"A": {"serious": 8}}`."""

    def due(self, severity: Severity, opened: datetime, value_class: ValueClass | None = None) -> datetime:
        """The last moment at which a complaint open since `opened` is corrected promptly."""
        hours = self.serious if severity == "serious" else self.minor
        own = self.by_class.get(value_class, {}) if value_class else {}
        return opened + timedelta(hours=own.get(severity, hours))
