"""What is prompt, and when care is due, depends on the class that a customer was in when it was decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stories.conftest import STANDARDS
from tests.stories.teller import Json, Teller, money, until

NEVER = "2100-01-01T00:00:00Z"


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def classify(tell: Teller, year: int) -> None:
    """Classes by what was bought in a year that is nobody else's."""
    tell.post("/v1/classifications", {"as_of": f"{year}-12-31T00:00:00Z"}, key=f"{tell.tag} {year}")


def seen(tell: Teller, customer: str) -> list[str | None]:
    """The customer's class as complaints knows it."""
    return [item["value_class"] for item in tell.get("/v1/complaints", customer=customer)["items"]]


def due(tell: Teller, customer: str) -> list[Json]:
    items: list[Json] = tell.get("/v1/due", customer=customer, programme="complaint_follow_up", until=NEVER)["items"]
    return items


def test_a_customer_is_owed_what_their_class_was_owed_when_it_was_decided(tell: Teller) -> None:
    assert all('"A"' in standard for standard in STANDARDS.values())
    best, other = (tell.customer(which, at="2009-01-01T00:00:00Z") for which in "ab")
    for customer, amount in ((best, "95.00"), (other, "5.00")):
        bought = {"order": "o", "amount": money(amount), "at": "2009-03-01T09:00:00Z"}
        tell.post(f"/v1/customers/{customer}/purchases", bought)
    told = {customer: tell.complaint(customer, at=ago(2)) for customer in (best, other)}
    # somebody else's id that turns out to be the best customer's, too
    alias = tell.customer("c")
    told[alias] = tell.complaint(alias, at=ago(2))
    tell.post("/v1/merges", {"survivor": best, "merged": alias})
    classify(tell, 2009)
    until("the classes", lambda: seen(tell, best) == ["A", "A"] and seen(tell, other) == ["C"])

    for complaint in told.values():
        tell.step(complaint, "correction")
    shown = {customer: tell.get(f"/v1/complaints/{complaint}") for customer, complaint in told.items()}
    assert [shown[c]["promptly"] for c in (best, alias, other)] == [False, False, True]
    assert [shown[c]["history"][0]["value_class"] for c in (best, alias, other)] == ["A", "A", "C"]

    until("the follow-ups", lambda: len(due(tell, best)) == 2 and len(due(tell, other)) == 1)
    plans = due(tell, best) + due(tell, other)
    within = [datetime.fromisoformat(plan["due"]) - datetime.now(UTC) for plan in plans]
    assert [timedelta(hours=5) < w <= timedelta(hours=6) for w in within] == [True, True, False]
    assert timedelta(days=1, hours=23) < within[2] <= timedelta(days=2)

    since: dict[str, Any] = {"from": ago(3)}

    def prompt(value_class: str) -> float | None:
        groups = tell.get("/v1/reports/complaints", by="value_class", **since)["groups"]
        return next((g["corrected_promptly"]["value"] for g in groups if g["key"] == value_class), None)

    until("reports by class", lambda: prompt("A") == 0 and (prompt("C") or 0) > 0)

    # the class moves on; what was decided stays, what is decided now follows
    classify(tell, 2010)
    until("the new class", lambda: seen(tell, best) == ["C", "C"])
    assert tell.get(f"/v1/complaints/{told[best]}") == shown[best]
    later = tell.complaint(best, at=ago(2))
    tell.step(later, "correction")
    assert tell.get(f"/v1/complaints/{later}")["promptly"] is True
