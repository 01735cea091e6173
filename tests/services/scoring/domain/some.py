"""Any history of one customer, for properties."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.scoring.domain.fact import Fact
from tests.services.scoring.domain.given import ME, START, fact, item

DIMENSIONS = ("reliability", "assurance", "tangibles", "empathy", "responsiveness")
SUBJECTS = (ME, "22222222-2222-8222-8222-222222222222")

moments = st.integers(0, 400 * 24).map(lambda hours: START + timedelta(hours=hours))
grades = st.integers(1, 5)
maybe = st.none() | grades


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    dimension = draw(st.sampled_from(DIMENSIONS))
    return item(
        dimension,
        draw(grades),
        draw(maybe),
        importance=draw(maybe),
        weight=draw(st.sampled_from([None, 0.5, 1.5])),
    )


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "answer": "a", "survey": "s", "form": 1, "items": draw(st.lists(items(), max_size=4)),
        "nps": draw(st.none() | st.integers(0, 10)), "csat": draw(maybe), "ces": draw(st.none() | st.integers(1, 7)),
    }  # fmt: skip


@st.composite
def purchases(draw: st.DrawFn) -> dict[str, Any]:
    order = draw(st.sampled_from("abcdef"))
    amount = draw(st.integers(0, 5000).map(lambda cents: f"{cents / 100:.2f}"))
    refund_of = draw(st.none() | st.none() | st.sampled_from("abcdef"))
    return {
        "order": order if refund_of is None else f"refund-{order}",
        "amount": {"amount": amount, "currency": draw(st.sampled_from(["USD", "VND"]))},
        "refund_of": refund_of,
    }  # fmt: skip


def steps(name: str, **data: Any) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    return st.sampled_from("xyz").map(lambda c: ("complaints", f"complaint.{name}", {"complaint": c, **data}))


TOLD = st.one_of(
    answers().map(lambda data: ("care", "survey.answered", data)),
    purchases().map(lambda data: ("profile", "customer.purchased", data)),
    st.just(("profile", "customer.lost", {"reason": "moved"})),
    st.just(("profile", "customer.merged", {"merge": "m", "survivor": ME})),
    steps("spotted", severity="minor", role="customer"),
    st.booleans().flatmap(lambda prompt: steps("corrected", agreed=True, by="lan", promptly=prompt)),
    steps("reopened"),
    steps("withdrawn"),
)


@st.composite
def histories(draw: st.DrawFn, max_size: int = 12) -> list[Fact]:
    """Facts of the two subjects of one person, as their stores number them."""
    last: dict[tuple[str, str], int] = {}
    facts = []
    for service, type_, data in draw(st.lists(TOLD, max_size=max_size)):
        subject = draw(st.sampled_from(SUBJECTS))
        sequence = last[service, subject] = last.get((service, subject), 0) + 1
        at = draw(moments)
        recorded = at + timedelta(hours=draw(st.integers(0, 100)))
        key = draw(st.sampled_from(["k1", "k2", f"k-{subject}-{sequence}"]))
        facts.append(fact(service, type_, at, data, sequence=sequence, subject=subject, recorded=recorded, key=key))
    return facts
