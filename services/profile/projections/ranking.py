"""Customers ranked by what they brought, in one pass in the database.

The ranking is worked out into a table that lasts as long as the connection, so that a million customers need no memory
here and hold no snapshot open while they are told of their classes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, TextClause, bindparam, text

from libs.events.catalogue.classifications import ClassificationStarted
from libs.events.catalogue.customers import ValueClass
from libs.events.store.database import Database, Reader
from libs.events.store.instants import to_micros
from services.profile.domain.classes import CLASSES
from services.profile.projections.purchases import amount_of
from services.profile.projections.rates import sources_into

PAGE = 1000
_EMPTY = text("DROP TABLE IF EXISTS class_ranking")
_MAKE = text(
    "CREATE TEMPORARY TABLE class_ranking (subject TEXT, value_class TEXT, previous TEXT, changed BOOLEAN, "
    "place BIGINT, units BIGINT, millionths BIGINT, units_before NUMERIC(40), millionths_before NUMERIC(40))"
)
_INDEX = text("CREATE INDEX class_ranking_changed ON class_ranking (subject) WHERE changed")
_FILL = text("""
INSERT INTO class_ranking
WITH RECURSIVE
-- merged ids with the ids that they lead to; the last one on the way answers for the person
leads (subject, person) AS (
    SELECT subject, survivor FROM profile_customers WHERE survivor IS NOT NULL
    UNION SELECT l.subject, c.survivor FROM leads l JOIN profile_customers c ON c.subject = l.person
    WHERE c.survivor IS NOT NULL
),
part (subject, person) AS (
    SELECT l.subject, l.person FROM leads l JOIN profile_customers c ON c.subject = l.person WHERE c.survivor IS NULL
    UNION SELECT l.person, l.person FROM leads l JOIN profile_customers c ON c.subject = l.person
    WHERE c.survivor IS NULL
),
-- an order that was told of two ids of one person is one order
bought (person, units, millionths) AS (
    SELECT p.subject, p.units, p.millionths FROM profile_purchases p
    WHERE p.currency = :currency AND p.at > :since AND p.at <= :as_of
    AND NOT EXISTS (SELECT 1 FROM part WHERE part.subject = p.subject)
    UNION ALL
    SELECT told.person, told.units, told.millionths FROM (
        SELECT DISTINCT part.person, p.order_name, p.refund_of, p.at, p.paid, p.units, p.millionths
        FROM part JOIN profile_purchases p ON p.subject = part.subject
        WHERE p.currency = :currency AND p.at > :since AND p.at <= :as_of
    ) AS told
),
summed (person, units, millionths) AS (
    SELECT person, CAST(SUM(units) AS BIGINT), CAST(SUM(millionths) AS BIGINT) FROM bought GROUP BY person
),
-- whole units carried, so that 0 <= millionths < 1000000 and two values compare member by member
valued (person, units, millionths) AS (
    SELECT person, units + (millionths - (millionths % 1000000 + 1000000) % 1000000) / 1000000,
        (millionths % 1000000 + 1000000) % 1000000
    FROM summed
),
ranked (person, units, millionths, place, units_before, millionths_before, units_all, millionths_all) AS (
    SELECT person, units, millionths, ROW_NUMBER() OVER by_value,
        COALESCE(SUM(units) OVER (by_value ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),
        COALESCE(SUM(millionths) OVER (by_value ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),
        SUM(units) OVER (), SUM(millionths) OVER ()
    FROM valued WHERE units > 0 OR (units = 0 AND millionths > 0)
    WINDOW by_value AS (ORDER BY units DESC, millionths DESC, person)
),
in_force (subject, value_class) AS (
    SELECT subject, value_class FROM (
        SELECT subject, value_class, ROW_NUMBER() OVER (PARTITION BY subject ORDER BY at DESC, sequence DESC) AS newest
        FROM profile_classes WHERE at <= :as_of
    ) AS told WHERE newest = 1
),
judged (subject, value_class, previous, place, units, millionths, units_before, millionths_before) AS (
    SELECT c.subject, CASE
            WHEN r.place IS NULL THEN 'C'
            WHEN (10000 * units_before - :a_below * units_all) * 1000000
                + (10000 * millionths_before - :a_below * millionths_all) < 0 THEN 'A'
            WHEN (10000 * units_before - :b_below * units_all) * 1000000
                + (10000 * millionths_before - :b_below * millionths_all) < 0 THEN 'B'
            ELSE 'C' END,
        f.value_class, r.place, r.units, r.millionths, r.units_before, r.millionths_before
    FROM profile_customers c
    LEFT JOIN ranked r ON r.person = c.subject
    LEFT JOIN in_force f ON f.subject = c.subject
    WHERE c.listed AND c.since <= :as_of
)
SELECT subject, value_class, previous, previous IS NULL OR previous <> value_class,
    place, units, millionths, units_before, millionths_before
FROM judged
""")
_FOUND = text("SELECT value_class, COUNT(*), SUM(units), SUM(millionths) FROM class_ranking GROUP BY value_class")
_CHANGED = text("SELECT COUNT(*) FROM class_ranking WHERE changed")
_CHANGES = text("SELECT * FROM class_ranking WHERE changed AND subject > :last ORDER BY subject LIMIT :most")
_PAID = text(
    "SELECT paid, currency, COUNT(*) FROM profile_purchases WHERE at > :since AND at <= :as_of GROUP BY paid, currency"
)


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody whose class is another than the one in force; `place` None: they brought nothing."""

    subject: str
    value_class: ValueClass
    previous: ValueClass | None
    place: int | None
    value: Decimal
    before: Decimal


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a run found; valid while its connection is held."""

    reader: Reader
    currency: str | None
    unconverted: dict[str, int]
    rate_sources: list[str]
    counts: dict[ValueClass, int]
    values: dict[ValueClass, Decimal]
    changed: int

    @property
    def total(self) -> Decimal:
        """All value together."""
        return sum(self.values.values(), Decimal(0))

    async def changes(self) -> AsyncIterator[list[Change]]:
        """All changes, a page at a time, by id."""
        last = ""
        while rows := (await self.reader.conn.execute(_CHANGES, {"last": last, "most": PAGE})).all():
            last = rows[-1].subject
            yield [_change(row) for row in rows]


@asynccontextmanager
async def ranked(database: Database, asked: ClassificationStarted) -> AsyncIterator[Ranking]:
    """Ranks all customers who were known at `as_of`."""
    window = {"since": to_micros(asked.since), "as_of": to_micros(asked.as_of)}
    async with database.read() as reader:
        currency, unconverted = await _currency(reader, asked.currency, window)
        await reader.conn.execute(_EMPTY)
        await reader.conn.execute(_MAKE)
        try:
            a_below, b_below = (round(asked.shares[name] * 100) for name in ("A", "B"))
            shares = {"currency": currency or "", "a_below": a_below, "b_below": b_below}
            await reader.conn.execute(_typed(_FILL, "a_below", "b_below"), {**window, **shares})
            await reader.conn.execute(_INDEX)
            counts, values = dict.fromkeys(CLASSES, 0), dict.fromkeys(CLASSES, Decimal(0))
            for name, count, units, millionths in (await reader.conn.execute(_FOUND)).all():
                counts[name], values[name] = count, amount_of(units, millionths)
            changed = (await reader.conn.execute(_CHANGED)).scalar_one()
            sources = await sources_into(reader, currency) if currency else []
            yield Ranking(reader, currency, unconverted, sources, counts, values, changed)
        finally:
            await reader.conn.execute(_EMPTY)


async def _currency(reader: Reader, stated: str | None, window: dict[str, int]) -> tuple[str | None, dict[str, int]]:
    """The currency to report in, and the window's purchases of unknown worth in it, by the currency that was paid."""
    paid: dict[str, dict[str, int]] = {}
    for own, currency, count in (await reader.conn.execute(_typed(_PAID), window)).all():
        paid.setdefault(own, {})[currency] = count
    currency = stated or min(paid, key=lambda own: (-paid[own][own], own), default=None)
    left = {own: known[own] - known.get(currency or "", 0) for own, known in sorted(paid.items())}
    return currency, {own: count for own, count in left.items() if count}


def _typed(statement: TextClause, *more: str) -> TextClause:
    # said, not guessed by the size of the number: a statement is prepared once for all of them
    return statement.bindparams(*(bindparam(name, type_=BigInteger) for name in ("since", "as_of", *more)))


def _change(row: Any) -> Change:
    return Change(
        row.subject, row.value_class, row.previous, row.place, amount_of(row.units, row.millionths),
        amount_of(row.units_before, row.millionths_before),
    )  # fmt: skip
