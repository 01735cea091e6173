"""What other systems tell about a few customers: always the same events, under the same keys and times."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.events.values import rfc3339

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = START + timedelta(days=5)
"""The moment at which everything is heard: late enough for all of it, early enough for reactions to answer."""
CUSTOMERS = 9
Told = tuple[str, dict[str, Any]]
"""The service that owns the event, and the event as a CloudEvents object."""


def workload(customers: int = CUSTOMERS) -> list[Told]:
    """All events in an order in which none comes too early."""
    return [told for customer in range(customers) for told in _story(customer)]


def shuffled(events: list[Told]) -> list[Told]:
    """The same as several publishers would send them: each subject's news in any order."""
    mixed = list(events)
    random.Random(11).shuffle(mixed)
    return mixed


def _story(n: int) -> Iterator[Told]:
    who, money = f"pos:{n}", {"amount": f"{n + 1}.50", "currency": "USD"}
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        ("profile", "customer.recorded", {"ref": who, "kind": "external", "name": f"Customer {n}", "owner": "lan"}),
        ("profile", "customer.acquired", {"channel": "shop", "cost": money}),
        *(("profile", "customer.purchased", {"order": f"o{k}", "amount": money}) for k in range(4)),
        ("profile", "customer.purchased", {"order": "back", "amount": money, "refund_of": "o1"}),
        ("care", "care.delivered", {"customer": who, "programme": "welcome", "staff": "lan", "on_time": bool(n % 2)}),
        ("care", "touchpoint.recorded", {"customer": who, "staff": "minh", "channel": "phone"}),
        ("care", "survey.answered", _answer(n)),
        ("complaints", "complaint.spotted", {
            "ref": f"desk:{n}", "summary": "It came late", "severity": "serious", "spotted_by": {"role": "customer"},
        }),
        ("complaints", "complaint.acknowledged", {"by": "minh"}),
        ("complaints", "complaint.assigned", {"owner": "minh"}),
        ("complaints", "complaint.corrected", {"action": "Sent anew", "agreed": True, "by": "minh"}),
        ("complaints", "complaint.reported", {"root_cause": "haste", "prevention": "a list"}),
    ]  # fmt: skip
    if n % 3 == 0:
        kinds.append(("profile", "customer.lost", {"reason": "moved"}))
    for k, (service, kind, data) in enumerate(kinds):
        if service == "complaints" and kind != "complaint.spotted":
            data["complaint"] = f"desk:{n}"
        yield service, {
            "specversion": "1.0", "id": f"{n}-{k}", "source": "/till", "type": f"careledger.{kind}",
            "subject": who, "time": rfc3339(START + timedelta(hours=n, minutes=k)), "data": data,
        }  # fmt: skip


def _answer(n: int) -> dict[str, Any]:
    grades = [{"item": i, "perception": 1 + (n + k) % 5, "expectation": 4} for k, i in enumerate(("kept", "heard"))]
    return {"survey": "recovery", "items": grades, "nps": n, "ces": 1 + n % 7, "comment": "As always"}
