"""Converts what was bought before a rate was stated, or when another one was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, tuple_

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from services.profile.projections.purchases import amount_of, parts, purchases
from services.profile.projections.rates import Course, course_of, metadata, next_day, rates

PAGE = 5000


class Rates:
    """The read model of rates; comes after that of purchases, whose rows it adds to."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Of two statements for one day the last one counts: they are of one subject, and so come in their order."""
        stated: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        for event in events:
            if event.type == "rate.stated":
                told = event.data
                key = told["currency"], told["into"], told["day"]
                stated[key] = told["rate"], told["source"], told.get("by"), event.time
        if not stated:
            return
        currencies = {currency for currency, _, _ in stated}
        await course_of(tx, currencies, alone=True)
        await tx.upsert(rates, [(*key, *stated[key]) for key in sorted(stated)])
        course = await course_of(tx, currencies, alone=True)
        for currency, into, day in sorted(stated):
            known = select(rates.c.day).where(rates.c.currency == currency, rates.c.into_currency == into)
            until = next_day(list((await tx.conn.execute(known)).scalars()), day)
            await _convert(tx, course, currency, into, _start(day), _start(until) if until else None)


async def _convert(
    tx: Transaction, course: Course, currency: str, into: str, since: datetime, until: datetime | None
) -> None:
    column = purchases.c
    at, subject, sequence = since, "", 0
    while True:
        later = or_(column.subject > subject, and_(column.subject == subject, column.sequence > sequence))
        query = select(purchases).where(column.currency == currency, column.paid == currency, column.at >= at)
        query = query.where(or_(column.at > at, and_(column.at == at, later)))
        if until is not None:
            query = query.where(column.at < until)
        rows = (await tx.conn.execute(query.order_by(column.at, column.subject, column.sequence).limit(PAGE))).all()
        if not rows:
            return
        converted, gone = [], []
        for row in rows:
            worth = dict(course.worth(currency, row.at, amount_of(row.units, row.millionths))).get(into)
            key = (row.subject, row.sequence, into)
            if worth is None:
                gone.append(key)
            else:
                converted.append((*key, currency, row.at, row.order_name, row.refund_of, *parts(worth)))
        await tx.upsert(purchases, converted)
        if gone:
            here = tuple_(column.subject, column.sequence, column.currency).in_(gone)
            await tx.conn.execute(delete(purchases).where(here))
        at, subject, sequence = rows[-1].at, rows[-1].subject, rows[-1].sequence


def _start(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
