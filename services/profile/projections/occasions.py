"""Whose occasion falls on which day, as keyed tokens: neither whose birthday is when nor what is celebrated can be read
from them, and yet whoever is due in the coming days is found without opening anybody's record."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Select, Table, Text, delete, func, or_, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.database import Transaction
from services.profile.domain.occasions import Occasion, month_day, occasions
from services.profile.projections.customers import customers

metadata = MetaData()
days = Table(
    "profile_occasions",
    metadata,
    Column("mark", LargeBinary, primary_key=True),  # one customer's one occasion
    Column("subject", Text),
    Column("day", LargeBinary),  # its kind, month and day: the same for all who share them
    Column("told", Integer),  # the last year in which it was told to be near
    Column("stated_by", Text),  # the fact that told of it
    Index("profile_occasions_day", "day", "told"),
    Index("profile_occasions_subject", "subject"),
)
STATING = frozenset({"customer.recorded", "customer.updated"})
CLEARING = frozenset({"customer.erased", "customer.restored"})
DATES = frozenset({"birthday", "special_dates"})


class Occasions:
    """The read model of occasions.

    Dates are sealed in facts: the store is asked for the record as it is now, as for searching.
    """

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        stated_by = {
            event.subject: event.id for event in events
            if event.type in CLEARING or (event.type in STATING and event.data.keys() & DATES)
        }  # fmt: skip
        if stated_by:
            await self._state(tx, stated_by)
        told = [event for event in events if event.type == "customer.occasion_neared"]
        if told:
            await self._tell(tx, told)

    async def _state(self, tx: Transaction, stated_by: Mapping[str, str]) -> None:
        subjects, secret = sorted(stated_by), self._platform.identities.secret
        loaded = await self._platform.store.load(subjects)
        columns = ("mark", "told")
        before = {bytes(m): told for m, told in await tx.select_in(days, "subject", subjects, columns=columns)}
        rows = {
            (mark := mark_of(secret, subject, occasion)): (
                mark, subject, day_of(secret, occasion.kind, month_day(occasion.first)), before.get(mark, 0),
                stated_by[subject],
            )
            for subject in subjects
            for occasion in occasions(loaded[subject].state.record)
        }  # fmt: skip
        await tx.conn.execute(delete(days).where(days.c.subject.in_(subjects)))
        await tx.insert(days, list(rows.values()))

    async def _tell(self, tx: Transaction, events: Iterable[Event]) -> None:
        years: dict[bytes, int] = {}
        for event in events:
            today = event.time.astimezone(self._platform.settings.zone).date()
            year = (today + timedelta(days=event.data["days_ahead"])).year
            for mark in event.data["marks"]:
                years[bytes.fromhex(mark)] = year
        rows = await tx.select_in(days, "mark", list(years))
        told = [(mark, subject, day, max(before, years[bytes(mark)]), by) for mark, subject, day, before, by in rows]
        await tx.upsert(days, told)


def day_of(secret: bytes, kind: str, month_and_day: str) -> bytes:
    """The token of a kind of occasion on a month and day."""
    return hmac.digest(secret, f"occasion on {month_and_day} {kind}".encode(), "sha256")[:16]


def mark_of(secret: bytes, subject: str, occasion: Occasion) -> bytes:
    """The token of one customer's one occasion."""
    return hmac.digest(secret, f"occasion of {subject} {occasion.key}".encode(), "sha256")[:16]


def untold(wanted: Mapping[bytes, date], after: bytes, limit: int) -> Select[Any]:
    """Occasions with these tokens that were not told yet in the years of their days, of whoever is not lost, in the
    order of their marks."""
    survivor = customers.alias()
    years: dict[int, list[bytes]] = {}
    for token, day in wanted.items():
        years.setdefault(day.year, []).append(token)
    due = or_(*(days.c.day.in_(tokens) & (days.c.told < year) for year, tokens in years.items()))
    return (
        select(days.c.mark, days.c.subject, days.c.stated_by)
        .join(customers, customers.c.subject == days.c.subject)
        .outerjoin(survivor, survivor.c.subject == customers.c.survivor)
        .where(due, func.coalesce(survivor.c.stage, customers.c.stage) != "lost", days.c.mark > after)
        .order_by(days.c.mark)
        .limit(limit)
    )
