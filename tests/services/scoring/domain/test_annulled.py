"""Orders of an import that was taken back never were; their numbers may come again."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from libs.events.envelope import Event
from services.scoring.domain.fact import Fact
from services.scoring.domain.purchases import standing_orders

AT = datetime(2026, 3, 1, tzinfo=UTC)


def bought(sequence: int, order: str, amount: str, currency: str = "USD", **more: Any) -> Fact:
    data = {"order": order, "amount": {"amount": amount, "currency": currency}, **more}
    return Fact.of(
        Event(
            id=str(sequence), type="customer.purchased", version=1, service="profile", subject="c", sequence=sequence,
            time=AT, recorded=AT, key=str(9 - sequence), data=data,
        )
    )


def test_an_annulled_order_never_was_and_may_come_again() -> None:
    wrong = bought(1, "o", "10.00", "EUR", imported="bad")
    back = bought(2, "r", "4.00", "EUR", refund_of="o")
    undone = bought(3, "undo", "6.00", "EUR", refund_of="o", annuls=True, imported="bad")
    right = bought(4, "o", "10.00", imported="good")
    less = bought(5, "r2", "3.00", refund_of="o")
    assert [o.value for o in standing_orders([wrong, back])] == [Decimal("6.00")]
    assert standing_orders([undone, back, wrong]) == []
    for facts in ([wrong, back, undone, right, less], [less, right, undone, back, wrong]):
        assert [(o.value, o.currency) for o in standing_orders(facts)] == [(Decimal("7.00"), "USD")]
