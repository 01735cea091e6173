"""Tells that an occasion is near, once a year each: a customer's birthday and every special date of their record.

Any number of processes look at once: the name that an occasion takes makes one of them the first. Each look finds all
that is near and not told yet, so that what was recorded late, or what came up while nobody looked, is told at the next.
"""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from typing import Any

from libs.events.service import Platform
from libs.events.units import Request, Unit
from services.profile.api.reading import Person, find
from services.profile.domain.commands import Near
from services.profile.domain.occasions import kept_on, next_day, occasion_name, occasions
from services.profile.projections.occasions import day_of, mark_of, untold
from services.profile.settings import NEAR, ProfileSettings, settings

BATCH = 500


def today(platform: Platform) -> date:
    """What day it is where the company is."""
    return platform.clock.now().astimezone(platform.settings.zone).date()


async def tell_what_is_near(platform: Platform) -> int:
    """Tells all occasions that are near and were not told; how many those were."""
    chosen, day, last, told = settings(), today(platform), b"", 0
    wanted = _days(platform.identities.secret, day, chosen)
    while True:
        async with platform.database.read() as reader:
            rows = (await reader.conn.execute(untold(wanted, last, BATCH))).all()
        people = await find(platform, sorted({row.subject for row in rows}))
        units: dict[str, Unit] = {}
        for row in rows:
            person = people[row.subject]
            if isinstance(person, Person) and person.state.stage != "lost":
                units |= _near(platform, person, row, day, chosen)
        outcomes = await platform.store.execute_all(list(units.values())) if units else []
        told += sum(verdict.status == "appended" for outcome in outcomes for verdict in outcome.verdicts)
        if len(rows) < BATCH:
            return told
        last = bytes(rows[-1].mark)


def _days(secret: bytes, today: date, chosen: ProfileSettings) -> dict[bytes, date]:
    """The tokens of all that is near, with the days they are kept on."""
    return {
        day_of(secret, kind, month_and_day): day
        for kind in NEAR
        for ahead in range(chosen.days_ahead(kind) + 1)
        for day in (today + timedelta(days=ahead),)
        for month_and_day in kept_on(day, chosen.leap_day)
    }


def _near(platform: Platform, person: Person, row: Any, today: date, chosen: ProfileSettings) -> dict[str, Unit]:
    """What to tell of a person by one row: nothing where another id of theirs has said something newer meanwhile."""
    secret, ids, units = platform.identities.secret, (person.id, *person.ids), dict[str, Unit]()
    for occasion in occasions(person.state.record):
        on = next_day(occasion, today, chosen.leap_day)
        ahead = (on - today).days
        if ahead > chosen.days_ahead(occasion.kind) or mark_of(secret, row.subject, occasion) != bytes(row.mark):
            continue
        name = f"occasion {person.id} {on.year} {occasion.key}"
        command = Near(
            at=platform.clock.now(), occasion=occasion.kind, called=occasion.name, on=on, days_ahead=ahead,
            marks=tuple(mark_of(secret, each, occasion).hex() for each in ids),
            names=tuple(occasion_name(each, occasion.key, on.year) for each in ids),
        )  # fmt: skip
        # facts show their keys: what is personal in the name must not be guessed from it
        key = hmac.digest(secret, name.encode(), "sha256").hex()[:32]
        units[name] = Unit((Request(person.id, command, name, key, cause=row.stated_by),))
    return units
