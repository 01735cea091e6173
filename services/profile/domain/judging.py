"""Whether a rule is true of a person, and why: in figures where these are not personal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from services.profile.domain.rules import PLAIN, SIGNS, Group, Rule, Test
from services.profile.domain.state import Customer
from services.profile.domain.windows import start

DAY = timedelta(days=1)
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase, or one that was taken back: its worth in each currency in which that is known."""

    at: datetime
    back: bool
    worth: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person at a moment."""

    person: Customer
    bought: Sequence[Bought]
    now: datetime

    def value(self, test: Test) -> Any:
        """The value of the field that a condition asks for; None where none is known."""
        record = self.person.record
        match test.field:
            case "kind" | "stage" | "value_class":
                return getattr(self.person, test.field)
            case "channel":
                return self.person.acquisition.channel if self.person.acquisition else None
            case "known_since":
                return self.person.since.astimezone(UTC).date() if self.person.since else None
            case "systems":
                return sorted({ref.partition(":")[0] for ref in record.get("refs") or ()}) or None
            case "birthday":
                return date.fromisoformat(record["birthday"]) if record.get("birthday") else None
            case "household.size" | "household.structure":
                return (record.get("household") or {}).get(test.field.partition(".")[2])
        if test.field.startswith("custom."):
            return (record.get("custom") or {}).get(test.field.partition(".")[2])
        if test.field.startswith("purchases."):
            return self._purchases(test)
        return record.get(test.field)

    def _purchases(self, test: Test) -> Any:
        since = start(test.window, self.now) if test.window else None
        found = [b for b in self.bought if b.at <= self.now and (since is None or b.at > since)]
        orders = [b.at for b in found if not b.back]
        match test.field:
            case "purchases.count":
                return len(orders)
            case "purchases.sum":
                return sum((b.worth.get(test.currency or "", Decimal(0)) for b in found), Decimal(0))
            case "purchases.recency_days":
                return (self.now - max(orders)) // DAY if orders else None
            case "purchases.last":
                return max(orders).astimezone(UTC).date() if orders else None
            case _:
                return min(orders).astimezone(UTC).date() if orders else None


def judge(rule: Rule, known: Known) -> tuple[bool, str]:
    """Whether the rule is true, and which conditions made it so."""
    if isinstance(rule, Test):
        value = known.value(rule)
        return holds(rule, value), told(rule, value)
    judged = [judge(each, known) for each in rule.rules]
    if rule.how == "not":
        (true, why) = judged[0]
        return not true, f"not ({why})"
    true = all(t for t, _ in judged) if rule.how == "all" else any(t for t, _ in judged)
    # what decided: of all that had to be true the ones that were not, of any the ones that were
    deciding = [why for t, why in judged if t is true]
    return true, (" and " if (rule.how == "all") is true else " or ").join(deciding)


def holds(test: Test, value: Any) -> bool:
    """Whether a condition is true of a value."""
    present = value is not None and value not in ("", [])
    if test.operator == "exists":
        return present is test.value
    if not present:
        return False
    match test.operator:
        case "eq":
            return same(value, test.value)
        case "in":
            return any(same(value, each) for each in test.value)
        case "prefix":
            return isinstance(value, str) and value.casefold().startswith(test.value.casefold())
        case "contains":
            parts = value if isinstance(value, list) else [value]
            return any(same(part, test.value) for part in parts)
    try:
        return not isinstance(value, bool) and _ORDER[test.operator](value, test.value)
    except TypeError:
        return False


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same; texts without regard to case, and true is not 1."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def told(test: Test, value: Any) -> str:
    """A condition with what was found, which for a personal field is not told."""
    asked = test.field + (f" in {test.window}" if test.window else "")
    if test.operator == "exists":
        return f"{asked} {'known' if test.value else 'not known'}: {'yes' if holds(test, value) else 'no'}"
    if test.field not in PLAIN:
        return f"{asked} as asked: {'yes' if holds(test, value) else 'no'}"
    wanted = ", ".join(map(str, test.value)) if isinstance(test.value, tuple) else str(test.value)
    found = "unknown" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
    money = f" {test.currency}" if test.currency else ""
    return f"{asked} {found}{money} ({SIGNS[test.operator]} {wanted}: {'yes' if holds(test, value) else 'no'})"


def because(rule: Rule, known: Known) -> tuple[bool, str]:
    """The verdict with a reason short enough to keep."""
    true, why = judge(rule, known)
    return true, why if len(why) <= 1000 else why[:999] + "…"


__all__ = ["Bought", "Group", "Known", "because", "holds", "judge"]
