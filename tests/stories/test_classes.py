"""Customers fall into classes by what they bring; care sees it, merges are followed, and a past day looks as it was."""

from __future__ import annotations

from typing import Any

from tests.stories.teller import Json, Teller, money, until

LAST, MIDDLE = "2011-12-31T00:00:00Z", "2011-07-01T00:00:00Z"
"""A year that nobody else's customers bought anything in: classes are worked out over everybody."""


def run(tell: Teller, as_of: str) -> Json:
    found: Json = tell.post("/v1/classifications", {"as_of": as_of}, key=f"{tell.tag}{as_of}{len(tell.tag)}").json()
    return found


def class_of(tell: Teller, customer: str, **params: Any) -> str | None:
    found: str | None = tell.get(f"/v1/customers/{customer}", **params)["value_class"]
    return found


def test_purchases_make_classes_that_every_service_sees(tell: Teller) -> None:
    ids = {}
    for name, amount, month in (("a", "80.00", 3), ("b", "15.00", 9), ("c", "5.00", 10)):
        ids[name] = tell.customer(name, at="2011-01-01T00:00:00Z", department=tell.tag)
        bought = {"order": "o1", "amount": money(amount), "at": f"2011-{month:02d}-01T09:00:00Z"}
        tell.post(f"/v1/customers/{ids[name]}/purchases", bought)
        tell.post(f"/v1/customers/{ids[name]}/acquisition", {"channel": "fair"})

    first = run(tell, LAST)
    assert (first["counts"]["A"], first["total"], first["state"]) == (1, money("100.00"), "completed")
    assert [class_of(tell, ids[name]) for name in "abc"] == ["A", "B", "C"]
    ours = tell.get("/v1/customers", value_class="A", department=tell.tag)["items"]
    assert [c["id"] for c in ours] == [ids["a"]]

    def due(customer: str) -> list[str | None]:
        items = tell.get("/v1/due", customer=customer, until="2100-01-01T00:00:00Z")["items"]
        return [item["value_class"] for item in items]

    until("care's list shows the class", lambda: due(ids["a"]) == ["A"] and due(ids["b"]) == ["B"])

    # who came to be known as one person brings what both brought
    tell.post("/v1/merges", {"survivor": ids["c"], "merged": ids["b"]})
    tell.post(f"/v1/customers/{ids['c']}/purchases", {"order": "o2", "amount": money("380.00"), "at": LAST})
    tell.tag += "-"
    again = run(tell, LAST)
    assert (again["counts"]["A"], again["total"]) == (1, money("480.00"))
    assert class_of(tell, ids["b"]) == class_of(tell, ids["c"]) == "A"
    assert class_of(tell, ids["a"]) == "B"
    until("care's list follows", lambda: due(ids["a"]) == ["B"] and due(ids["c"]) == ["A", "A"])

    # and from a day before that it was otherwise, which changes nothing since
    past = run(tell, MIDDLE)
    assert (past["counts"]["A"], past["total"]) == (1, money("80.00"))
    assert [class_of(tell, ids[name], as_of=MIDDLE) for name in "ac"] == ["A", "C"]
    assert [class_of(tell, ids[name]) for name in "ac"] == ["B", "A"]
    listed = [r["id"] for r in tell.get("/v1/classifications")["items"]]
    assert listed[:3] == [past["id"], again["id"], first["id"]]
    assert tell.get(f"/v1/classifications/{first['id']}") == first
