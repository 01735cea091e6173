"""What a deployment may set about profile, from `CARELEDGER_PROFILE_*` variables."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.catalogue.customers import OccasionKind
from services.profile.domain.classes import Schedule
from services.profile.domain.occasions import LeapDay

WEIGHTS = {"phone": 0.6, "email": 0.7, "name_and_birthday": 0.8, "name_and_address": 0.6}
NEAR: dict[OccasionKind, int] = {"birthday": 7, "special_date": 7}


class ProfileSettings(BaseSettings):
    """Settings of the profile service."""

    model_config = SettingsConfigDict(env_prefix="CARELEDGER_PROFILE_", extra="ignore")

    region: str = Field(default="VN", pattern="^[A-Z]{2}$")
    """The region (ISO 3166) whose national phone numbers are meant where a number has no country code."""
    duplicate_weights: dict[str, float] = Field(default_factory=lambda: dict(WEIGHTS))
    """How likely two customers are one person, from 0 to 1, for each thing that they have in common."""
    common: int = Field(default=50, gt=1)
    """What more customers than this have in common (a switchboard, a mailbox of a company) tells nobody apart."""
    class_a_below: float = Field(default=80, ge=0, le=100)
    """A customer is in class A while the customers before them bring less than this, in per cent of all value,"""
    class_b_below: float = Field(default=95, ge=0, le=100)
    """and in class B while these bring less than this."""
    class_window: str = "P12M"
    """How far back purchases count for a class, as an ISO 8601 duration."""
    class_schedule: Schedule = "daily"
    """When classes are worked out anew: at midnight (in `CARELEDGER_ZONE`) of every day, every Monday, the first of a
    month; `off`: only when somebody asks."""
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    """The currency that value is reported in (ISO 4217); without it the one that most purchases were made in."""
    occasion_days: dict[OccasionKind, Annotated[int, Field(ge=0, le=60)]] = Field(default_factory=lambda: dict(NEAR))
    """How many days ahead an occasion is near, by its kind."""
    leap_day: LeapDay = "feb_28"
    """When what fell on 29 February is kept in other years."""
    look_seconds: float = Field(default=10, gt=0)
    """How often somebody looks whose occasion is near."""

    def days_ahead(self, kind: OccasionKind) -> int:
        """How many days ahead an occasion of that kind is near."""
        return self.occasion_days.get(kind, NEAR[kind])


@cache
def settings() -> ProfileSettings:
    """The settings of this process."""
    return ProfileSettings()
