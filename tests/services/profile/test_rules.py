"""Rules of segments: what they mean, what they refuse, and that they say why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.judging import Bought, Known, judge
from services.profile.domain.records import Said
from services.profile.domain.rules import BadRule, parse
from services.profile.domain.stages import Move
from services.profile.domain.state import Acquisition, Customer

NOW = datetime(2026, 3, 13, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "kind": "external", "owner": "Lan", "name": "Nguyễn Thị Đỗ", "birthday": "1990-04-30", "refs": ["pos:1", "shop:2"],
    "preferences": ["tea", "silk"], "household": {"size": 4}, "vip": True, "paying": False,
    "custom": {"income": 12, "newsletter": True, "band": "Gold", "joined": "2020-05-01"},
}  # fmt: skip
LAN = Customer(
    known=True, since=NOW - timedelta(days=400), record=RECORD, touched={"name": Said(NOW)}, value_class="B",
    moves=(Move(move="purchase", at=NOW - timedelta(days=400)),),
    acquisition=Acquisition(channel="fair", cost=None, at=NOW),
)  # fmt: skip


def bought(days: float, amount: str, *, back: bool = False) -> Bought:
    worth = -Decimal(amount) if back else Decimal(amount)
    return Bought(NOW - timedelta(days=days), back, {"USD": worth, "VND": worth * 26_000})


PURCHASES = [bought(400, "100"), bought(30, "40.50"), bought(10, "9.50"), bought(5, "9.50", back=True)]


def true(tree: Any, person: Customer = LAN, purchases: list[Bought] = PURCHASES) -> bool:
    return judge(parse(tree), Known(person, purchases, NOW))[0]


@pytest.mark.parametrize(
    ("field", "said", "expected"),
    [
        ("kind", {"eq": "external"}, True),
        ("stage", {"in": ["active", "won_back"]}, True),
        ("value_class", {"in": ["A"]}, False),
        ("owner", {"eq": "lan"}, True),
        ("name", {"prefix": "nguyễn"}, True),
        ("name", {"prefix": "Thị"}, False),
        ("occupation", {"exists": False}, True),
        ("occupation", {"eq": "teacher"}, False),
        ("paying", {"eq": False}, True),
        ("paying", {"exists": True}, True),
        ("vip", {"eq": True}, True),
        ("channel", {"eq": "fair"}, True),
        ("birthday", {"lt": "1990-05-01"}, True),
        ("known_since", {"gte": "2025-03-01"}, False),
        ("systems", {"contains": "shop"}, True),
        ("systems", {"contains": "crm"}, False),
        ("preferences", {"contains": "Tea"}, True),
        ("household.size", {"gte": 4}, True),
        ("custom.income", {"gt": 12}, False),
        ("custom.newsletter", {"eq": True}, True),
        ("custom.newsletter", {"eq": 1}, False),
        ("custom.band", {"in": ["silver", "gold"]}, True),
        ("custom.band", {"gt": 3}, False),
        ("custom.joined", {"lte": "2020-12-31"}, True),
        ("custom.nothing", {"exists": True}, False),
        ("purchases.count", {"eq": 3}, True),
        ("purchases.count", {"eq": 2, "window": "P3M"}, True),
        ("purchases.sum", {"gte": "140.50", "currency": "USD"}, True),
        ("purchases.sum", {"gt": "140.50", "currency": "USD"}, False),
        ("purchases.sum", {"eq": "1053000", "currency": "VND", "window": "P3M"}, True),
        ("purchases.sum", {"gt": "0", "currency": "EUR"}, False),
        ("purchases.recency_days", {"eq": 10}, True),
        ("purchases.last", {"eq": "2026-03-03"}, True),
        ("purchases.first", {"lt": "2025-03-01"}, True),
    ],
)
def test_conditions(field: str, said: dict[str, Any], expected: bool) -> None:
    assert true({"field": field, **said}) is expected
    assert true({"not": {"field": field, **said}}) is not expected


def test_of_nobody_known_only_absence_is_true() -> None:
    nobody = Customer(known=True)
    for field, operator, value in (("purchases.recency_days", "lte", 10), ("birthday", "gt", "1900-01-01")):
        said = {operator: value}
        assert not true({"field": field, **said}, nobody, [])
        assert true({"field": field, "exists": False}, nobody, [])
    assert true({"field": "purchases.count", "eq": 0}, nobody, [])


def test_groups_and_why() -> None:
    tree = {
        "all": [
            {"field": "value_class", "in": ["A", "B"]},
            {"any": [{"field": "purchases.recency_days", "gt": 90}, {"field": "name", "prefix": "Nguyễn"}]},
        ]
    }
    verdict, why = judge(parse(tree), Known(LAN, PURCHASES, NOW))
    assert verdict
    assert why == "value_class B (among A, B: yes) and name as asked: yes", "what is personal is not told"
    verdict, why = judge(parse({"not": tree}), Known(LAN, PURCHASES, NOW))
    assert (verdict, why[:5]) == (False, "not (")


@pytest.mark.parametrize(
    ("tree", "pointer", "code"),
    [
        ([], "", "bad_rule"),
        ({}, "/field", "bad_rule"),
        ({"all": []}, "/all", "bad_rule"),
        ({"all": [{"field": "kind", "eq": "x"}], "any": []}, "", "bad_rule"),
        ({"any": [{"field": "surname", "eq": "x"}]}, "/any/0/field", "unknown_field"),
        ({"not": {"field": "kind"}}, "/not", "bad_operator"),
        ({"field": "kind", "eq": "a", "exists": True}, "", "bad_operator"),
        ({"field": "kind", "gt": "a"}, "", "bad_operator"),
        ({"field": "kind", "eq": 1}, "/eq", "bad_value"),
        ({"field": "kind", "eq": "x" * 201}, "/eq", "bad_value"),
        ({"field": "kind", "in": ["a", 1]}, "/in/1", "bad_value"),
        ({"field": "birthday", "lt": "30.4.1990"}, "/lt", "bad_value"),
        ({"field": "kind", "eq": "a", "window": "P1M"}, "", "bad_rule"),
        ({"field": "purchases.count", "gte": 1, "window": "a year"}, "/window", "bad_duration"),
        ({"field": "purchases.count", "gte": True}, "/gte", "bad_value"),
        ({"field": "purchases.sum", "gte": "1"}, "/currency", "bad_value"),
        ({"field": "purchases.sum", "gte": "NaN", "currency": "USD"}, "/gte", "bad_value"),
        ({"field": "purchases.sum", "gte": 1, "currency": "USD"}, "/gte", "bad_value"),
        ({"all": [{"all": [{"field": "kind", "eq": "x"}] * 60}] * 2}, "", "rule_too_long"),
    ],
)
def test_what_cannot_mean_anything_is_refused(tree: Any, pointer: str, code: str) -> None:
    with pytest.raises(BadRule) as refused:
        parse(tree)
    assert (refused.value.pointer, refused.value.code) == (pointer, code)


def test_rules_are_not_nested_without_end() -> None:
    tree: Any = {"field": "kind", "eq": "x"}
    for _ in range(1000):
        tree = {"not": tree}
    with pytest.raises(BadRule) as refused:
        parse(tree)
    assert refused.value.code == "too_deep"


TESTS = st.sampled_from([
    {"field": "value_class", "eq": "B"}, {"field": "owner", "exists": False}, {"field": "purchases.count", "gt": 5},
    {"field": "name", "prefix": "N"},
])  # fmt: skip
TREES = st.recursive(
    TESTS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda some: st.sampled_from([{"all": some}, {"any": some}, {"not": some[0]}])
    ),
    max_leaves=3,
)


@given(TREES)
def test_what_a_rule_says_is_what_its_parts_say(tree: Any) -> None:
    assert true(tree) is by_hand(tree)


def by_hand(tree: Any) -> bool:
    if "all" in tree:
        return all(map(by_hand, tree["all"]))
    if "any" in tree:
        return any(map(by_hand, tree["any"]))
    return not by_hand(tree["not"]) if "not" in tree else true(tree)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["kind", "custom.a", "purchases.sum", "P1M", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["all", "any", "not", "field", "eq", "in", "gt", "exists", "window", "currency", "prefix"]),
        inner,
    ),
))  # fmt: skip
def test_whatever_is_sent_is_a_rule_or_refused(tree: Any) -> None:
    try:
        rule = parse(tree)
    except BadRule:
        return
    judge(rule, Known(LAN, PURCHASES, NOW))
