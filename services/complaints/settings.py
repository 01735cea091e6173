"""What a deployment may set about complaints, from `CARELEDGER_COMPLAINTS_*` variables."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.complaints.domain.standards import Standards


class ComplaintsSettings(BaseSettings):
    """Settings of the complaints service."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_COMPLAINTS_", extra="ignore")

    standards: Standards = Field(default_factory=Standards)
    """Hours within which a correction counts as prompt, as JSON: `{"serious": 24, "minor": 72}`; of single classes:
    `{"by_class": {"A": {"serious": 8}}}`."""
