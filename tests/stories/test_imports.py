"""The wrong file comes in, is taken back, and comes in corrected: profile and scoring are of one accord all the way."""

from __future__ import annotations

from tests.stories.publisher import event
from tests.stories.teller import Json, Teller, day, money, until

NOBODY = {"recency_days": None, "frequency": 0, "monetary": None}
BATCH = {"content-type": "application/cloudevents-batch+json"}
LAST = "2026-04-01T00:00:00Z"


def rows(tell: Teller, name: str, factor: int) -> list[Json]:
    """The file, as part of an import of that name: two new customers with orders, and a known one who brought one
    back and bought another; the wrong file has every amount tenfold."""
    told: list[tuple[str, str, str, Json]] = [
        ("new", "customer.recorded", day(1), {"ref": tell.ref("new"), "name": "An", "department": tell.tag}),
        ("new", "customer.purchased", day(2), {"order": "n1", "amount": money(f"{factor}.00")}),
        ("new", "customer.purchased", day(4), {"order": "n2", "amount": money(f"{3 * factor}.00")}),
        ("new", "customer.purchased", day(6), {"order": "n3", "amount": money(f"{factor}.00"), "refund_of": "n2"}),
        ("stated", "customer.recorded", day(1), {"ref": tell.ref("stated"), "name": "Bo", "stage": "active"}),
        ("known", "customer.purchased", day(5), {"order": "k2", "amount": money(f"{2 * factor}.00")}),
        ("known", "customer.purchased", day(8), {"order": "r", "refund_of": "k1", "amount": money(f"{5 * factor}.00")}),
        ("idle", "customer.purchased", day(5), {"order": "i1", "amount": money(f"{factor}.00")}),
        ("idle", "customer.purchased", day(7), {"order": "i2", "amount": money(f"{factor}.00")}),
    ]
    return [
        event(f"{name} {n}", type, tell.ref(which), at, data, importid=name)
        for n, (which, type, at, data) in enumerate(told)
    ]


def bring(tell: Teller, name: str, factor: int, status: str = "appended") -> None:
    """The file comes in, and every row of it is taken, or was before."""
    results = tell.call("POST", "/v1/events/customers", rows(tell, name, factor), headers=BATCH).json()["results"]
    assert {result["status"] for result in results} == {status}, results


def loyalty(tell: Teller, customer: str, frequency: int, mean: str | None) -> Json:
    """What scoring tells of buying, once it has come to that."""
    monetary = money(mean) if mean else None
    score = tell.scored(
        customer, f"{frequency} repeats, {mean}",
        lambda s: (s["loyalty"]["frequency"], s["loyalty"]["monetary"]) == (frequency, monetary), as_of=LAST,
    )  # fmt: skip
    found: Json = score["loyalty"]
    return found


def listed(tell: Teller, stage: str) -> list[str]:
    """The names of this story's customers who are listed in a stage."""
    return sorted(c["name"] for c in tell.get("/v1/customers", department=tell.tag, stage=stage)["items"])


def staged(tell: Teller, active: list[str], prospect: list[str]) -> None:
    """The lists by stage come to that (Bo, who belongs to no department, is on none of them)."""
    expected = [active, prospect]
    until(f"lists: {expected}", lambda: [listed(tell, s) for s in ("active", "prospect")] == expected)


def test_a_wrong_file_is_taken_back_and_the_right_one_counts_once(tell: Teller) -> None:
    known = tell.customer("known", name="Khanh", department=tell.tag)
    idle = tell.customer("idle", name="Ida", department=tell.tag)
    for order, at in (("k0", 1), ("k1", 3)):
        tell.post(f"/v1/customers/{known}/purchases", {"order": order, "amount": money("50.00"), "at": day(at)})
    before = loyalty(tell, known, 1, "50.00")
    staged(tell, ["Khanh"], ["Ida"])

    wrong, right = f"wrong-{tell.tag}", f"right-{tell.tag}"
    bring(tell, wrong, 10)
    new, stated = (item["id"] for item in resolved(tell, "new", "stated"))
    loyalty(tell, new, 1, "20.00")
    loyalty(tell, known, 1, "20.00")
    loyalty(tell, idle, 1, "10.00")
    staged(tell, ["An", "Ida", "Khanh"], [])

    path = f"/v1/customers/imports/{wrong}/undo"
    until("the list of imports knows all of it", lambda: brought(tell, wrong) == 9 or None)
    rehearsed = tell.post(path, {"dry_run": True}, want=200).json()["items"]
    told = tell.post(path, {}, want=200).json()["items"]
    assert told == rehearsed
    by = {each["customer"]: each for each in told}
    assert {who: (by[who]["withdrawn"], by[who]["orders"], by[who]["refunds"], by[who]["restored"]) for who in by} == {
        new: (True, 2, 1, []),
        stated: (True, 0, 0, []),
        known: (False, 1, 1, []),
        idle: (False, 2, 0, ["stage"]),
    }
    # profile and scoring are of one accord: as if the file had never been
    staged(tell, ["Khanh"], ["Ida"])
    until("the new are unknown", lambda: all(i.get("problem") for i in resolved(tell, "new", "stated")))
    assert loyalty(tell, known, 1, "50.00") == before
    for customer in (new, idle):
        shown = loyalty(tell, customer, 0, None)
        assert (shown | NOBODY, shown["tier"], shown["reasons"]) == (shown, "passive", ["nothing_decides"])
    again = tell.post(path, {}, want=200).json()["items"]
    assert {each["orders"] + each["refunds"] + len(each["restored"]) for each in again} == {0}, "once is enough"

    bring(tell, right, 1)
    bring(tell, right, 1, "already")
    assert [item["id"] for item in resolved(tell, "new", "stated")] == [new, stated]
    loyalty(tell, new, 1, "2.00")
    loyalty(tell, known, 2, "23.50")
    loyalty(tell, idle, 1, "1.00")
    staged(tell, ["An", "Ida", "Khanh"], [])
    assert tell.get(f"/v1/customers/{stated}")["stage"] == "active"


def resolved(tell: Teller, *which: str) -> list[Json]:
    """Customers by what the file calls them."""
    body = {"customers": [tell.ref(each) for each in which]}
    items: list[Json] = tell.post("/v1/customers/resolve", body, want=200).json()["items"]
    return items


def brought(tell: Teller, name: str) -> int:
    """How many facts of an import the list of imports tells."""
    items = tell.get("/v1/customers/imports", limit=200)["items"]
    kinds = ("recorded", "updated", "purchased", "merged")
    return next((sum(item[kind] for kind in kinds) for item in items if item["id"] == name), 0)
