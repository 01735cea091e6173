"""Events by plain HTTP: one or many, told what became of each, and looked up afterwards."""

from __future__ import annotations

from tests.stories.posting import bought, post, results, status
from tests.stories.publisher import event
from tests.stories.teller import Teller, day, money, until

FUTURE = "2999-01-01T00:00:00Z"


def test_an_event_does_what_the_call_does(tell: Teller) -> None:
    one = bought(tell, "o1")
    first = results(post(tell, "customers", one))
    assert [r["status"] for r in first] == ["appended"]
    again = post(tell, "customers", one)
    assert [(r["status"], r["position"]) for r in results(again)] == [("already", first[0]["position"])]
    assert status(tell, "customers", one["id"]) == {"status": "appended", "position": first[0]["position"]}
    assert status(tell, "customers", "another") == {"status": "unknown"}
    cid = tell.post("/v1/customers/resolve", {"customers": [tell.ref()]}, want=200).json()["items"][0]["id"]
    assert tell.get(f"/v1/customers/{cid}")["stage"] == "active"
    # the same order by the call is the same order
    tell.post(f"/v1/customers/{cid}/purchases", {"order": "o1", "amount": money("10.00"), "at": day(1)}, want=200)
    assert tell.score(cid, after=first[0]["position"])["loyalty"]["frequency"] == 0


def test_every_status_of_a_batch(tell: Teller) -> None:
    gone = tell.customer("gone")
    tell.post(f"/v1/customers/{gone}/erasure", {"reason": "request"}, want=202)
    events = [
        bought(tell, "o1"),
        bought(tell, "o1"),
        event(
            f"{tell.tag} 2",
            "customer.purchased",
            tell.ref(),
            day(1),
            {"order": "r", "amount": money("1.00"), "refund_of": "none"},
        ),
        event(f"{tell.tag} 3", "customer.purchased", gone, day(1), {"order": "o", "amount": money("1.00")}),
        event(f"{tell.tag} 4", "customer.purchased", tell.ref(), day(1), {"order": "o", "amount": money("-1.00")}),
        event(f"{tell.tag} 5", "customer.nodded", tell.ref(), day(1), {}),
        bought(tell, "o6", dataschema="/v1/schemas/events/careledger.customer.purchased/7"),
        bought(tell, "o7", specversion="0.3"),
        event(f"{tell.tag} 8", "customer.purchased", None, day(1), {"order": "o", "amount": money("1.00")}),
        event(f"{tell.tag} 9", "customer.purchased", tell.ref(), FUTURE, {"order": "o", "amount": money("1.00")}),
        "not an event",
        event(f"{tell.tag} 11", "care.delivered", tell.ref(), day(1), {"customer": tell.ref(), "programme": "x"}),
        event(
            f"{tell.tag} 12",
            "customer.purchased",
            "pos:else",
            day(1),
            {"customer": tell.ref(), "order": "z", "amount": money("1.00")},
        ),
        bought(tell, "o13"),
    ]
    found = results(post(tell, "customers", events))
    assert [r["status"] for r in found] == [
        "appended",
        "already",
        "parked",
        "erased",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "appended",
    ]
    for told in found:
        assert ("problem" in told) == (told["status"] not in ("appended", "already")), told
        assert ("position" in told) == (told["status"] in ("appended", "already")), told
        if "problem" in told:
            assert {"status", "code", "title", "detail", "type"} <= told["problem"].keys()
    assert found[4]["problem"]["invalid_params"][0]["pointer"] == "/data/amount/amount"
    # what is invalid is told, and kept nowhere; what came too early waits
    assert [status(tell, "customers", f"{tell.tag} {n}")["status"] for n in (2, 3, 4, 5, 9)] == [
        "parked",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
    ]


def test_what_waits_is_taken_when_it_can_be(tell: Teller) -> None:
    cid, ref = tell.customer(), f"desk:{tell.tag}"
    steps = [
        event(
            f"{tell.tag} 1",
            "complaint.reported",
            None,
            day(3),
            {"complaint": ref, "root_cause": "x", "prevention": "y"},
        ),
        event(
            f"{tell.tag} 2",
            "complaint.corrected",
            None,
            day(2),
            {"complaint": ref, "action": "x", "agreed": True, "by": "y"},
        ),
    ]
    assert [r["status"] for r in results(post(tell, "complaints", steps))] == ["parked", "parked"]
    assert status(tell, "complaints", f"{tell.tag} 1")["status"] == "parked"
    tell.complaint(cid, ref=ref, at=day(1))
    until("both steps", lambda: status(tell, "complaints", f"{tell.tag} 1")["status"] == "appended" or None)
    stands = tell.get("/v1/complaints", customer=cid, after=status(tell, "complaints", f"{tell.tag} 1")["position"])
    assert [c["state"] for c in stands["items"]] == ["reported"]


def test_a_rehearsal_keeps_nothing(tell: Teller) -> None:
    events = [
        bought(tell, "o1"),
        bought(tell, "o1"),
        event(f"{tell.tag} x", "customer.nodded", tell.ref(), day(1), {}),
        event(
            f"{tell.tag} 2",
            "customer.purchased",
            tell.ref(),
            day(1),
            {"order": "r", "amount": money("1.00"), "refund_of": "no"},
        ),
    ]
    told = post(tell, "customers", events, params={"dry_run": "true"})
    assert "event-position" not in told.headers
    assert [r["status"] for r in results(told)] == ["appended", "already", "invalid", "parked"]
    assert [status(tell, "customers", e["id"])["status"] for e in events] == ["unknown"] * 4
    items = tell.post("/v1/customers/resolve", {"customers": [tell.ref()]}, want=200).json()["items"]
    assert items[0]["problem"]["status"] == 404


def test_one_bad_event_of_64_leaves_63_good(tell: Teller) -> None:
    cid = tell.customer()
    events = [bought(tell, f"o{n}") for n in range(64)]
    events[31]["data"] = {"order": "o31", "amount": {"amount": "1e999", "currency": "USD"}}
    found = results(post(tell, "customers", events))
    assert [r["status"] for r in found] == ["appended"] * 31 + ["invalid"] + ["appended"] * 32
    score = tell.score(cid, after=found[-1]["position"])
    assert score["applied"]["customers"] == 64
