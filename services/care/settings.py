"""What a deployment may set about care, from `CARELEDGER_CARE_*` variables."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.care.domain.standards import DAYS, Standards


class CareSettings(BaseSettings):
    """Settings of the care service."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_CARE_", extra="ignore")

    days: dict[str, dict[str, float]] = Field(default_factory=lambda: {name: dict(by) for name, by in DAYS.items()})
    """How soon care is due, in days, by programme and class (`any`: every other class)."""
    broken_after_days: float = Field(default=1, ge=0)
    """How long after it was due an open promise is declared broken: until then it is merely late."""
    missed_after_days: float = Field(default=7, ge=0)
    """How long after it was due planned care is declared missed: until then it stays on the due list."""
    look_seconds: float = Field(default=30, gt=0)
    """How often somebody looks whether anything ran out."""
    settled_days: float = Field(default=7, gt=0)
    """What ran out longer ago than this is left alone: it came in late, and its story is told already."""

    @property
    def standards(self) -> Standards:
        """The standards as the rules take them."""
        return Standards(self.days)
