"""A short way to say what happened: events as the other services tell them, and the facts scoring makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from libs.events.envelope import Event
from services.scoring.domain.answers import AnswerRow
from services.scoring.domain.fact import Fact

ME = "11111111-1111-8111-8111-111111111111"
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def day(number: int, hour: int = 9) -> datetime:
    """A moment in March 2026."""
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def event(service: str, type_: str, at: datetime, data: dict[str, Any], **other: Any) -> Event:
    """An event; id and key follow from its content unless given."""
    sequence = other.pop("sequence", 1)
    subject = other.pop("subject", ME)
    key = other.pop("key", f"{service}-{type_}-{sequence}")
    recorded = other.pop("recorded", at + timedelta(seconds=1))
    return Event(
        f"{subject}/{service}/{sequence}", type_, 1, service, subject, sequence, at, recorded, key, data, **other
    )


def fact(service: str, type_: str, at: datetime, data: dict[str, Any], **other: Any) -> Fact:
    """The same as a fact."""
    return Fact.of(event(service, type_, at, data, **other))


def item(dimension: str, perception: float, expectation: float | None = None, **other: Any) -> dict[str, Any]:
    """An answered question on a scale of 1 to 5 (unless told otherwise)."""
    scale = {"lowest": other.pop("lowest", 1.0), "highest": other.pop("highest", 5.0)}
    return {
        "item": other.pop("item", dimension), "dimension": dimension, "scale": scale, "perception": perception,
        "expectation": expectation, "importance": None, "weight": None, **other,
    }  # fmt: skip


def answered(at: datetime, *items: dict[str, Any], sequence: int = 1, subject: str = ME, **data: Any) -> Fact:
    """A survey answer."""
    told = {"answer": f"answer-{sequence}", "survey": "survey-1", "form": 1, "items": list(items), **data}
    return fact("care", "survey.answered", at, told, sequence=sequence, subject=subject)


def row(at: datetime, *items: dict[str, Any], sequence: int = 1, subject: str = ME, **data: Any) -> AnswerRow:
    """A survey answer as reports read it."""
    return AnswerRow.of(answered(at, *items, sequence=sequence, subject=subject, **data), subject)


def bought(
    at: datetime, order: str, amount: str, *, currency: str = "USD", sequence: int = 1, subject: str = ME, **data: Any
) -> Fact:
    """A purchase, or a refund where `refund_of` is given."""
    key = data.pop("key", f"order-{order}")
    told = {"order": order, "amount": {"amount": amount, "currency": currency}, **data}
    return fact("profile", "customer.purchased", at, told, sequence=sequence, subject=subject, key=key)


def step(name: str, at: datetime, sequence: int, complaint: str = "k", **data: Any) -> Fact:
    """A step of a complaint."""
    if name == "spotted":
        data = {"summary": {"sealed": "…"}, "severity": "serious", "role": "staff"} | data
    return fact("complaints", f"complaint.{name}", at, {"complaint": complaint, **data}, sequence=sequence)


def story(subject: str = ME) -> list[Fact]:
    """The acceptance story: four orders on three days, one survey answer, one complaint put right and reported."""
    orders = [(2, "10.00"), (5, "30.00"), (5, "10.00"), (9, "20.00")]
    sealed = {"sealed": "…"}
    return [
        fact("profile", "customer.recorded", day(1), {"kind": "external", "stage": "prospect", "name": sealed}),
        fact("profile", "customer.acquired", day(1, 10), {"channel": "shop"}, sequence=2),
        *(bought(day(d, 11 + n), f"o{n}", amount, sequence=3 + n) for n, (d, amount) in enumerate(orders)),
        fact("care", "care.delivered", day(3), {"delivery": "d", "on_time": True}),
        answered(
            day(10), item("reliability", 4, 5), item("responsiveness", 2, 4), item("empathy", 5, 5),
            sequence=4, nps=0, csat=4, csat_scale={"lowest": 1, "highest": 5}, staff="lan",
        ),
        step("spotted", day(11), 1, dimension="tangibles", staff="lan"),
        step("acknowledged", day(11, 10), 2, by="minh"),
        step("assigned", day(11, 11), 3, owner="minh"),
        step("corrected", day(11, 15), 4, action=sealed, agreed=True, by="minh", promptly=True),
        step("reported", day(12), 5, root_cause=sealed, prevention=sealed),
    ]  # fmt: skip
