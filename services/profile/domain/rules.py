"""Rules of segments: small trees of conditions over what is known of a person, safe to take from anybody.

    {"all": [{"field": "value_class", "in": ["A", "B"]},
             {"not": {"field": "purchases.recency_days", "lte": 90}},
             {"any": [{"field": "custom.newsletter", "eq": true}, {"field": "systems", "contains": "shop"}]}]}

A condition names a field and says one thing of it. Of what is not known only `"exists": false` is true; so the `not` of
any condition is true of those of whom nothing is known. Purchases may be asked for within a `window` back from now (an
ISO 8601 duration), and their sum in a `currency`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from services.profile.domain import windows

Kind = Literal["text", "truth", "number", "amount", "day", "list"]
FIELDS: Mapping[str, Kind] = {
    "kind": "text", "stage": "text", "value_class": "text", "vip": "truth", "paying": "truth", "source": "text",
    "owner": "text", "department": "text", "credit_grade": "text", "channel": "text", "known_since": "day",
    "systems": "list",
    "name": "text", "emails": "list", "phones": "list", "addresses": "list", "birthday": "day", "occupation": "text",
    "economic_capacity": "text", "background": "text", "preferences": "list", "habits": "list", "requirements": "list",
    "household.size": "number", "household.structure": "text",
    "purchases.count": "number", "purchases.sum": "amount", "purchases.recency_days": "number", "purchases.last": "day",
    "purchases.first": "day",
}  # fmt: skip
"""What rules can ask for; and `custom.<name>`, which is whatever it is."""
PLAIN = frozenset({
    "kind", "stage", "value_class", "vip", "paying", "source", "owner", "department", "credit_grade", "channel",
    "known_since", "systems", "purchases.count", "purchases.sum", "purchases.recency_days", "purchases.last",
    "purchases.first",
})  # fmt: skip
"""Fields that are not personal: what they are may be told as a reason."""
ORDERED = frozenset({"gt", "gte", "lt", "lte"})
OPERATORS: Mapping[Kind, frozenset[str]] = {
    "text": frozenset({"eq", "in", "prefix", "exists"}),
    "truth": frozenset({"eq", "exists"}),
    "number": ORDERED | {"eq", "in", "exists"},
    "amount": ORDERED | {"eq", "exists"},
    "day": ORDERED | {"eq", "exists"},
    "list": frozenset({"contains", "exists"}),
}
ANYTHING = frozenset({"eq", "in", "prefix", "contains", "exists", *ORDERED})
MOST_CONDITIONS, DEEPEST, MOST_VALUES, LONGEST = 100, 8, 200, 200
SIGNS = {"eq": "is", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "in": "among", "prefix": "begins with",
          "contains": "contains"}  # fmt: skip


@dataclass(eq=False)
class BadRule(Exception):
    """A rule that cannot mean anything; `pointer` is a JSON pointer into it."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Test:
    """One condition."""

    field: str
    operator: str
    value: Any
    window: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of which all, or any one, or (of a single one) none is to be true."""

    how: Literal["all", "any", "not"]
    rules: tuple[Rule, ...]


Rule = Test | Group


def parse(tree: Any) -> Rule:
    """A rule from its JSON. Raises `BadRule`."""
    rule = _parse(tree, "", 1)
    if sum(1 for _ in tests(rule)) > MOST_CONDITIONS:
        raise BadRule("", "rule_too_long", f"a rule has at most {MOST_CONDITIONS} conditions")
    return rule


def tests(rule: Rule) -> Iterator[Test]:
    """All conditions of a rule."""
    if isinstance(rule, Test):
        yield rule
    else:
        for each in rule.rules:
            yield from tests(each)


def moves(rule: Rule) -> bool:
    """Whether something else than facts about a customer can change what the rule is true of: time, or a rate."""
    return any(t.window or t.field in ("purchases.recency_days", "purchases.sum") for t in tests(rule))


def _parse(tree: Any, at: str, depth: int) -> Rule:
    if depth > DEEPEST:
        raise BadRule(at, "too_deep", f"rules are nested at most {DEEPEST} deep")
    if not isinstance(tree, dict):
        raise BadRule(at, "bad_rule", "must be an object")
    for how in ("all", "any"):
        if how in tree:
            _only(tree, {how}, at)
            parts = tree[how]
            if not isinstance(parts, list) or not 0 < len(parts) <= MOST_CONDITIONS:
                raise BadRule(f"{at}/{how}", "bad_rule", f"must be a list of 1 to {MOST_CONDITIONS} rules")
            rules = tuple(_parse(part, f"{at}/{how}/{n}", depth + 1) for n, part in enumerate(parts))
            return Group("all" if how == "all" else "any", rules)
    if "not" in tree:
        _only(tree, {"not"}, at)
        return Group("not", (_parse(tree["not"], f"{at}/not", depth + 1),))
    return _test(tree, at)


def _only(tree: Mapping[str, Any], known: set[str], at: str) -> None:
    if tree.keys() - known:
        raise BadRule(at, "bad_rule", "has a member that a rule of this kind does not know")


def _test(tree: Mapping[str, Any], at: str) -> Test:
    field = tree.get("field")
    if not isinstance(field, str):
        raise BadRule(f"{at}/field", "bad_rule", "must be all, any, not, or name a field")
    custom = field.startswith("custom.") and len(field) <= LONGEST
    if not custom and field not in FIELDS:
        raise BadRule(f"{at}/field", "unknown_field", "names no field that rules can ask for")
    known = ANYTHING if custom else OPERATORS[FIELDS[field]]
    said = sorted(tree.keys() & ANYTHING)
    if len(said) != 1 or said[0] not in known:
        raise BadRule(at, "bad_operator", f"must say one of {', '.join(sorted(known))}")
    _only(tree, {"field", said[0], *_also(field)}, at)
    operator = said[0]
    value = _value(None if custom else FIELDS[field], operator, tree[operator], f"{at}/{operator}")
    window, currency = tree.get("window"), tree.get("currency")
    if window is not None:
        _window(window, f"{at}/window")
    if field == "purchases.sum" and not (isinstance(currency, str) and len(currency) == 3 and currency.isupper()):
        raise BadRule(f"{at}/currency", "bad_value", "must say in which currency, as in USD")
    return Test(field, operator, value, window, currency)


def _also(field: str) -> set[str]:
    windowed = {"window"} if field in ("purchases.count", "purchases.sum") else set[str]()
    return windowed | ({"currency"} if field == "purchases.sum" else set())


def _window(window: Any, at: str) -> None:
    try:
        windows.start(window if isinstance(window, str) else "", datetime(2000, 1, 1))  # noqa: DTZ001 (any will do)
    except ValueError:
        raise BadRule(at, "bad_duration", "must be an ISO 8601 duration, as in P12M") from None


def _value(kind: Kind | None, operator: str, value: Any, at: str) -> Any:
    """The value to compare with, in the form that is compared. Raises `BadRule`."""
    if operator == "exists":
        if isinstance(value, bool):
            return value
        raise BadRule(at, "bad_value", "must be true or false")
    if operator == "in":
        if not isinstance(value, list) or not 0 < len(value) <= MOST_VALUES:
            raise BadRule(at, "bad_value", f"must be a list of 1 to {MOST_VALUES} values")
        return tuple(_value(kind, "eq", each, f"{at}/{n}") for n, each in enumerate(value))
    try:
        return _typed(kind, operator, value)
    except (ValueError, TypeError, InvalidOperation):
        raise BadRule(at, "bad_value", "is not a value that this field can be compared with") from None


def _typed(kind: Kind | None, operator: str, value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        raise ValueError
    match kind:
        case "amount" if isinstance(value, str):
            amount = Decimal(value)
            if not amount.is_finite():
                raise ValueError
            return amount
        case "day" if isinstance(value, str):
            return date.fromisoformat(value)
        case "truth" if isinstance(value, bool):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "text" | "list" if isinstance(value, str):
            return value
        case None if operator == "prefix" and isinstance(value, str):
            return value
        case None if operator != "prefix" and isinstance(value, str | bool | int | float):
            return value
    raise ValueError
