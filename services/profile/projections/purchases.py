"""What customers paid, one row a purchase and currency in which its worth is known: in the one it was paid in always.

Refunds are purchases of negative worth, on their own day. Amounts are whole units and millionths, both integers, so
that sums are exact on every engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, delete

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.store.instants import Instant
from services.profile.projections.rates import Course, course_of

MILLION = 1_000_000
metadata = MetaData()
purchases = Table(
    "profile_purchases",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("currency", Text, primary_key=True),
    Column("paid", Text),  # the currency it was paid in
    Column("at", Instant),
    Column("order_name", Text),
    Column("refund_of", Text),  # the order that is taken back, else empty
    Column("units", BigInteger),
    Column("millionths", Integer),
    Index("profile_purchases_currency", "currency", "at"),
)


class Purchases:
    """The read model of purchases."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Only ever inserts, but for who is forgotten."""
        erased = {event.subject for event in events if event.type == "customer.erased"}
        bought = [e for e in events if e.type == "customer.purchased" and e.subject not in erased]
        if bought:
            course = await course_of(tx, {event.data["amount"]["currency"] for event in bought})
            await tx.insert(purchases, [row for event in bought for row in _rows(event, course)])
        if erased:
            await tx.conn.execute(delete(purchases).where(purchases.c.subject.in_(sorted(erased))))


def _rows(event: Event, course: Course) -> Iterator[tuple[object, ...]]:
    data, money = event.data, event.data["amount"]
    refund_of = data.get("refund_of") or data.get("restores") or ""
    amount = -Decimal(money["amount"]) if data.get("refund_of") else Decimal(money["amount"])
    paid, where = money["currency"], (event.subject, event.sequence)
    for currency, worth in ((paid, amount), *course.worth(paid, event.time, amount)):
        yield (*where, currency, paid, event.time, data["order"], refund_of, *parts(worth))


def parts(amount: Decimal) -> tuple[int, int]:
    """An amount as whole units and millionths, both of its sign."""
    units, millionths = divmod(abs(int(amount.scaleb(6))), MILLION)
    return (-units, -millionths) if amount < 0 else (units, millionths)


def amount_of(units: object, millionths: object) -> Decimal:
    """The amount that units and millionths are."""
    return Decimal(int(units or 0) * MILLION + int(millionths or 0)).scaleb(-6)  # type: ignore[call-overload]
