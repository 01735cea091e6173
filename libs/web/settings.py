"""What a deployment may set about HTTP, from `CARELEDGER_*` variables."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Settings of the HTTP side of one process."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_", extra="ignore")

    access_log: float = Field(default=1.0, ge=0, le=1)
    """Share of ordinary requests that get a log line; failed (500 and above) and slow (a second) ones always do."""
