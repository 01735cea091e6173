"""Exchange rates as the company stated them, by day, and what amounts are worth by them.

A purchase is worth what its own day's rate says: the latest one of that day or before it, of exactly its pair of
currencies (none is turned round, and none is reckoned by way of a third currency), rounded to millionths, half to even.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import Column, MetaData, Row, Select, Table, Text, select

from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant

metadata = MetaData()
rates = Table(
    "profile_rates",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("into_currency", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("rate", Text),
    Column("source", Text),
    Column("stated_by", Text),
    Column("stated", Instant),
)
held = Table("profile_rates_held", metadata, Column("currency", Text, primary_key=True))
"""A row for each currency that anything was paid in, held while purchases in it are written or converted."""
MILLIONTH = Decimal("0.000001")
MOST = Decimal(10) ** 15
"""Worth beyond this is not reckoned with: it would be no purchase that anybody makes."""


class Course:
    """What currencies are worth, day by day."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._days: dict[tuple[str, str], tuple[list[str], list[Decimal]]] = {}
        for currency, into, day, rate in sorted(tuple(row) for row in rows):
            days, found = self._days.setdefault((currency, into), ([], []))
            days.append(day)
            found.append(Decimal(rate))

    def worth(self, currency: str, at: datetime, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
        """What an amount is worth in each other currency, as far as that is known."""
        day = at.astimezone(UTC).date().isoformat()
        for (of, into), (days, found) in self._days.items():
            place = bisect_right(days, day) - 1
            if of == currency and place >= 0 and abs(worth := amount * found[place]) < MOST:
                yield into, worth.quantize(MILLIONTH, ROUND_HALF_EVEN)


async def course_of(tx: Transaction, currencies: Collection[str], *, alone: bool = False) -> Course:
    """What currencies are worth. Until the transaction ends nobody states a rate of theirs meanwhile (nor, with
    `alone`, writes what was paid in them): a purchase and a rate that come at once would else miss each other."""
    await tx.insert(held, [(currency,) for currency in sorted(currencies)])
    here = select(held).where(held.c.currency.in_(sorted(currencies))).order_by(held.c.currency)
    await tx.conn.execute(here.with_for_update(read=not alone))
    columns = ("currency", "into_currency", "day", "rate")
    return Course(await tx.select_in(rates, "currency", sorted(currencies), columns=columns))


async def sources_into(reader: Reader, currency: str) -> list[str]:
    """Whose rates into a currency there are."""
    query = select(rates.c.source).distinct().where(rates.c.into_currency == currency).order_by(rates.c.source)
    return list((await reader.conn.execute(query)).scalars())


def next_day(days: Sequence[str], day: str) -> str | None:
    """The first of these days after a day."""
    place = bisect_right(sorted(days), day)
    return sorted(days)[place] if place < len(days) else None


def listed(currency: str | None, into: str | None) -> Select[Any]:
    """Rates, to be ordered by both currencies and the day."""
    query = select(rates)
    if currency is not None:
        query = query.where(rates.c.currency == currency)
    return query if into is None else query.where(rates.c.into_currency == into)


def shape(row: Row[Any]) -> dict[str, Any]:
    """A rate as callers see it."""
    return {
        "currency": row.currency, "into": row.into_currency, "day": date.fromisoformat(row.day), "rate": row.rate,
        "source": row.source, "by": row.stated_by, "stated": row.stated,
    }  # fmt: skip
