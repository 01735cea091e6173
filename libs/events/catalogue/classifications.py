"""Facts about classification runs, owned by profile and told on `careledger.customers`: what was asked, and what came
of it. Their subject is the run, `classification:<id>`; their time is the moment that the run looks from."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from libs.events.catalogue.customers import TOPIC, ValueClass
from libs.events.catalogue.registry import event
from libs.events.values import Data, Moment

SUBJECT = "classification:"
"""What stands before a run's id in its subject."""
RATES = "rate:"
"""What stands before a pair of currencies and a year in the subject of rates."""


@event("classification.started", TOPIC)
class ClassificationStarted(Data):
    """A run over the purchases after `since` up to `as_of`: A are customers while the sum before them is under
    `shares["A"]` per cent of all value, B under `shares["B"]`. `currency`: the one that is reported in, None for the
    one most purchases of the window were made in. `due`: the date it was due on, None where somebody asked (`by`)."""

    as_of: Moment
    since: Moment
    window: str
    shares: dict[str, float]
    currency: str | None = None
    due: str | None = None
    by: str | None = None
    started: Moment


@event("classification.completed", TOPIC)
class ClassificationCompleted(Data):
    """What a run found: customers and value of each class, how many `changed`; purchases left out because no rate was
    known (`unconverted`, by currency), whose rates there are, and how many customers there were of whom something was
    not yet taken in when it looked (`behind`)."""

    currency: str | None
    counts: dict[ValueClass, int]
    values: dict[ValueClass, str]
    total: str
    changed: int
    unconverted: dict[str, int]
    rate_sources: list[str] = Field(default_factory=list)
    behind: int
    completed: Moment


@event("rate.stated", TOPIC)
class RateStated(Data):
    """From `day` on, until another day's rate, one unit of `currency` is worth `rate` of `into`, as `source` says. Its
    subject is the pair of currencies and the year, `rate:<currency>:<into>:<year>`."""

    currency: str
    into: str
    day: date
    rate: str
    source: str
    by: str | None = None
