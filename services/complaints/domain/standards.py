"""Within what time a complaint must be put right to count as corrected promptly.

The standard depends on how serious the complaint is and on the customer's class; a class without an entry of its own
has the severity's. Hours are wall-clock hours from spotting, or from reopening where it was reopened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

from libs.events.catalogue.complaints import Severity


class Standards(BaseModel):
    """A deployment's time standards, in hours. The defaults are ours: the texts say *promptly*, not how soon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    serious: PositiveFloat = 24
    minor: PositiveFloat = 72
    by_class: dict[str, dict[Severity, PositiveFloat]] = Field(default_factory=dict)
    """Tighter (or looser) standards of single classes: `{"A": {"serious": 8}}`."""

    def within(self, severity: Severity, value_class: str | None = None) -> timedelta:
        """How long a correction may take."""
        hours = self.serious if severity == "serious" else self.minor
        return timedelta(hours=self.by_class.get(value_class or "", {}).get(severity, hours))

    def prompt(self, severity: Severity, opened: datetime, corrected: datetime, value_class: str | None = None) -> bool:
        """Whether a complaint open since `opened` was corrected in time; the last moment counts as in time."""
        return corrected - opened <= self.within(severity, value_class)
