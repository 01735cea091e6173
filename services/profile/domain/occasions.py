"""Special days of a customer, their birthday and whatever else comes round every year, and when they are near.

A day comes round in the year it first was (a wedding that is still to be) and every year after. What fell on 29
February is kept on the 28th, or on 1 March, in years that have none. An occasion is told once a year, however often its
date is corrected; one that passed before anybody could tell it is not told any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from libs.events.catalogue.customers import CustomerOccasionNeared, OccasionKind
from libs.events.decider import Moved, NewEvent
from services.profile.domain.commands import Near
from services.profile.domain.state import Customer

LeapDay = Literal["feb_28", "mar_1"]
LEAP = "02-29"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One occasion: `first` is the day in the year it first was; a special date has a name."""

    kind: OccasionKind
    first: date
    name: str | None = None

    @property
    def key(self) -> str:
        """What tells it from others of the same customer. A birthday stays the same one when its date is corrected."""
        return self.kind if self.name is None else f"{self.kind} {month_day(self.first)} {self.name}"


def occasions(record: Mapping[str, Any]) -> Iterator[Occasion]:
    """The occasions that a record tells of."""
    if birthday := record.get("birthday"):
        yield Occasion("birthday", date.fromisoformat(birthday))
    for told in record.get("special_dates") or ():
        yield Occasion("special_date", date.fromisoformat(told["on"]), told["occasion"])


def next_day(occasion: Occasion, today: date, leap_day: LeapDay) -> date:
    """The next day on which it is kept, today among them."""
    year = max(today.year, occasion.first.year)
    day = kept(occasion.first, year, leap_day)
    return day if day >= today else kept(occasion.first, year + 1, leap_day)


def kept(first: date, year: int, leap_day: LeapDay) -> date:
    """The day of a year on which it is kept."""
    if month_day(first) != LEAP:
        return first.replace(year=year)
    return date(year, 3, 1) - timedelta(days=0 if leap_day == "mar_1" and not _leap(year) else 1)


def kept_on(day: date, leap_day: LeapDay) -> list[str]:
    """The months and days (`MM-DD`) of what is kept on a day."""
    leaps = not _leap(day.year) and kept(date(2000, 2, 29), day.year, leap_day) == day
    return [month_day(day), *([LEAP] if leaps else [])]


def month_day(day: date) -> str:
    """Month and day as `MM-DD`."""
    return f"{day:%m-%d}"


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def near(command: Near, state: Customer) -> list[NewEvent]:
    """An occasion is near, of somebody who still answers for themselves."""
    if state.merged_into is not None:
        raise Moved("moved_meanwhile", "this customer has been merged")
    return [
        NewEvent(
            CustomerOccasionNeared(
                occasion=command.occasion, days_ahead=command.days_ahead, on=command.on, marks=list(command.marks),
                **({"name": command.called} if command.called else {}),
            )
        )
    ]  # fmt: skip


def occasion_name(subject: str, key: str, year: int) -> str:
    """The name that an occasion of one year takes, so that it is told once."""
    return f"occasion:{subject}:{year}:{key}"
