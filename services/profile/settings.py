"""What a deployment may set about profile, from `CARELEDGER_PROFILE_*` variables."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

WEIGHTS = {"phone": 0.6, "email": 0.7, "name_and_birthday": 0.8, "name_and_address": 0.6}


class ProfileSettings(BaseSettings):
    """Settings of the profile service."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_PROFILE_", extra="ignore")

    region: str = Field(default="VN", pattern="^[A-Z]{2}$")
    """The region (ISO 3166) whose national phone numbers are meant where a number has no country code."""
    duplicate_weights: dict[str, float] = Field(default_factory=lambda: dict(WEIGHTS))
    """How likely two customers are one person, from 0 to 1, for each thing that they have in common."""
    common: int = Field(default=50, gt=1)
    """What more customers than this have in common (a switchboard, a mailbox of a company) tells nobody apart."""


@cache
def settings() -> ProfileSettings:
    """The settings of this process."""
    return ProfileSettings()
