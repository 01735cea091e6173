"""Value classes: A are the customers who bring the first 80 % of all value, B the next 15 %, C the rest (the shares are
settings). Customers are ordered by value, the greatest first, then by id; one is A while the sum *before* them is under
80 %, so whoever crosses the border is still above it. Who brought nothing in the window, or took back more than they
bought, is C and has no part in the sum.

A run looks from a moment, `as_of`; what it tells holds from that moment on. So a run that looks from a past day says
what the classes were then, and a record shows the class of the run that looked from the latest moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal

from libs.events.catalogue.classifications import ClassificationCompleted, ClassificationStarted
from libs.events.catalogue.customers import CustomerClassified, ValueClass
from libs.events.decider import NewEvent
from libs.events.values import Data
from services.profile.domain.grouping import Classify, CompleteRun, StartRun, StateRate
from services.profile.domain.state import Customer

Schedule = Literal["daily", "weekly", "monthly", "off"]
CLASSES: tuple[ValueClass, ...] = ("A", "B", "C")
FIGURES = ("counts", "values", "total", "changed", "unconverted", "rate_sources", "behind")


def start(command: StartRun, state: Customer) -> list[NewEvent]:
    """A run begins, once."""
    return [] if state.run else [NewEvent(command.data)]


def complete(command: CompleteRun, state: Customer) -> list[NewEvent]:
    """A run is done, once."""
    return [] if state.run is None or state.run.found else [NewEvent(command.data)]


def classify(command: Classify, state: Customer) -> list[NewEvent]:
    """The customer changes class; nothing where they are in it already, by a run that was not yet heard of."""
    if not state.known and not state.merged_into:
        return []
    previous = command.previous
    if state.classified_at is None or command.at >= state.classified_at:
        if state.value_class == command.value_class:
            return []
        previous = state.value_class
    told: dict[str, Any] = {"previous": previous} if previous else {}
    fact: Data = CustomerClassified(value_class=command.value_class, reason=command.reason, run=command.run, **told)
    return [NewEvent(fact)]


def state_rate(command: StateRate, state: Customer) -> list[NewEvent]:
    """A rate is stated; nothing where it was stated so already."""
    data = command.data
    return [] if state.rates.get(data.day.isoformat()) == (data.rate, data.source) else [NewEvent(data)]


def run_of(data: ClassificationStarted, found: ClassificationCompleted | None) -> dict[str, Any]:
    """A run as callers see it."""
    figures = run_figures(found) if found else dict.fromkeys(FIGURES)
    return {
        "as_of": data.as_of, "since": data.since, "window": data.window, "thresholds": data.shares,
        "state": "completed" if found else "running", "due": data.due, "by": data.by, "started": data.started,
        "completed": found.completed if found else None,
        "currency": found.currency if found else data.currency,
        **figures,
    }  # fmt: skip


def run_figures(found: ClassificationCompleted) -> dict[str, Any]:
    """What a run found; money only where any was spent, and so a currency is known."""
    values: dict[str, Any] | None = None
    total: dict[str, Any] | None = None
    if found.currency:
        values = {name: {"amount": value, "currency": found.currency} for name, value in found.values.items()}
        total = {"amount": found.total, "currency": found.currency}
    return {
        "counts": found.counts, "values": values, "total": total, "changed": found.changed,
        "unconverted": found.unconverted, "rate_sources": found.rate_sources, "behind": found.behind,
    }  # fmt: skip


def due(schedule: Schedule, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The latest due date: midnight of the day, the Monday or the first of the month in a zone; None where none is."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    match schedule:
        case "daily":
            return midnight
        case "weekly":
            return midnight - timedelta(days=midnight.weekday())
        case "monthly":
            return midnight.replace(day=1)
        case "off":
            return None


def reason(
    place: int | None, value: Decimal, before: Decimal, total: Decimal, currency: str | None, run: str,
    shares: Mapping[str, float],
) -> str:  # fmt: skip
    """Why somebody is in their class, in figures."""
    if place is None:
        told = f"{plain(value)} {currency}" if value and currency else "no value"
        return f"{told} in the window of run {run}"
    share = before * 100 / total
    return (
        f"place {place} by value with {plain(value)} {currency}; {share:.2f} % of {plain(total)} {currency} come "
        f"before (A under {shares['A']:g} %, B under {shares['B']:g} %); run {run}"
    )


def plain(value: Decimal) -> str:
    """An amount with two decimals, or all that it has."""
    exact = value.normalize()
    return format(exact if -int(exact.as_tuple().exponent) > 2 else value.quantize(Decimal("0.01")), "f")
