"""The shapes of scoring's answers, for the API's document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from libs.events.catalogue.scores import Level, Tier
from libs.events.values import Money


class Overall(BaseModel):
    """Satisfaction overall: `gap` in points (perception minus expectation), resting on `n` answers."""

    gap: float | None
    level: Level | None
    n: int


class Dimension(BaseModel):
    """Satisfaction in one dimension, 0 to 100; `gap` −100 to +100."""

    perception: float
    expectation: float | None
    gap: float | None
    n: int


class SatisfactionShape(BaseModel):
    """How satisfied the customer is."""

    overall: Overall
    dimensions: dict[str, Dimension]
    nps_answer: int | None = Field(description="The latest answer, 0 to 10")
    csat: float | None = Field(description="The latest answer, as given")
    ces: int | None = Field(description="The latest answer, 1 to 7")


class Loyalty(BaseModel):
    """How loyal the customer is. `frequency`: repeat purchase days; `monetary`: mean value of one. Null: not known."""

    tier: Tier
    reasons: list[str]
    recency_days: int | None
    frequency: int | None
    monetary: Money | None
    p_alive: float | None
    expected_purchases: float | None


class ComplaintsShape(BaseModel):
    """How the customer's complaints stand."""

    open: int
    corrected: int
    corrected_promptly: int


class Applied(BaseModel):
    """How many events of each service the score rests on."""

    customers: int
    care: int
    complaints: int


class Score(BaseModel):
    """A customer's score as of a moment."""

    customer: str
    as_of: datetime
    satisfaction: SatisfactionShape
    loyalty: Loyalty
    complaints: ComplaintsShape
    state_hash: str = Field(description="SHA-256 of the facts it rests on: equal histories, equal hashes")
    applied: Applied
    merged_from: list[str] = Field(description="Ids of the same person that were merged into `customer`")


class Contribution(BaseModel):
    """What one answer adds to the overall gap in one dimension, in points."""

    event: str
    type: str
    at: datetime
    dimension: str
    contribution: float


class Explanation(BaseModel):
    """Contributions that add up to the overall gap."""

    customer: str
    as_of: datetime
    overall: Overall
    contributions: list[Contribution]
    merged_from: list[str]


class SatisfactionReport(BaseModel):
    """Groups of answers and their total; every figure is `{value, n, interval}`."""

    by: str
    as_of: datetime
    groups: list[dict[str, Any]]
    total: dict[str, Any]
    most_common_dissatisfaction: list[dict[str, Any]]


class ComplaintsReport(BaseModel):
    """Groups of complaints and their total; shares and means are `{value, n, interval}`."""

    by: str
    as_of: datetime
    groups: list[dict[str, Any]]
    total: dict[str, Any]
