"""Spot, correct, report: the whole machine by HTTP, with every step that is not possible."""

from __future__ import annotations

import pytest

from tests.stories.teller import Json, Teller, day, money, until

STEPS = ("acknowledgement", "assignment", "escalation", "correction", "report", "reopening", "withdrawal")
POSSIBLE = {
    "open": {"acknowledgement", "assignment", "escalation", "correction", "withdrawal"},
    "corrected": {"report", "reopening"},
    "reported": {"reopening"},
    "withdrawn": set[str](),
}
WAYS = {
    "open": (),
    "corrected": ("correction",),
    "reported": ("correction", "report"),
    "withdrawn": ("withdrawal",),
}


@pytest.mark.parametrize("state", WAYS)
def test_every_step_that_is_not_possible_is_a_conflict_that_says_what_is(say: Teller, state: str) -> None:
    complaint = say.complaint(say.customer())
    for step in WAYS[state]:
        say.step(complaint, step)
    before = say.get(f"/v1/complaints/{complaint}")
    assert before["state"] == state
    assert set(before["possible"]) == POSSIBLE[state]
    for step in set(STEPS) - POSSIBLE[state]:
        answer = say.call("POST", f"/v1/complaints/{complaint}/{step}", _said(step))
        problem = say.refused(answer, 409, "out_of_order")
        assert problem["state"] == state, step
        assert set(problem["possible"]) == POSSIBLE[state], step
    after = say.get(f"/v1/complaints/{complaint}")
    assert after == before  # a refusal leaves no trace


@pytest.mark.parametrize("state", [s for s, possible in POSSIBLE.items() if possible])
def test_every_step_that_is_possible_is_taken(say: Teller, state: str) -> None:
    customer = say.customer()
    for step in sorted(POSSIBLE[state]):
        complaint = say.complaint(customer)
        for earlier in WAYS[state]:
            say.step(complaint, earlier)
        stands = say.step(complaint, step)
        leads = {"correction": "corrected", "report": "reported", "withdrawal": "withdrawn"}
        assert stands["state"] == leads.get(step, "open"), step
        history = say.get(f"/v1/complaints/{complaint}")["history"]
        assert [h["step"] for h in history] == [*WAYS[state], step]
        assert all(h["counts"] for h in history)


def test_a_long_complaint_is_told_whole(tell: Teller) -> None:
    customer = tell.customer()
    complaint = tell.complaint(
        customer,
        ref=f"desk:{tell.tag}",
        dimension="tangibles",
        cause="careless",
        wants=["respect", "compensation"],
        spotted_by={"role": "staff", "who": "lan"},
        department="shop",
        at=day(1),
    )
    tell.step(complaint, "acknowledgement", at=day(1, 10))
    tell.step(complaint, "acknowledgement", at=day(1, 11), want=200)  # says nothing new
    tell.step(complaint, "assignment", at=day(1, 11))
    tell.step(complaint, "assignment", owner="hoa", at=day(1, 12))
    tell.step(complaint, "escalation", at=day(1, 12))
    tell.step(complaint, "correction", compensation=money("3.50"), at=day(1, 15))
    tell.step(complaint, "report", at=day(2))
    assert tell.scored(customer, "corrected", lambda s: s["complaints"]["corrected"])["complaints"]["open"] == 0
    tell.step(complaint, "reopening", at=day(3))
    assert tell.scored(customer, "open again", lambda s: s["complaints"]["open"])["complaints"]["open"] == 1
    last = tell.step(complaint, "correction", agreed=False, at=day(9))
    assert (last["state"], last["owner"], last["severity"]) == ("corrected", "hoa", "serious")

    found = tell.get(f"/v1/complaints/{complaint}")
    assert found["summary"] == "the kettle leaks"
    assert found["spotted_by"] == {"role": "staff", "who": "lan"}
    assert (found["cause"], found["wants"], found["ref"]) == (
        "careless",
        ["respect", "compensation"],
        f"desk:{tell.tag}",
    )
    steps = [h["step"] for h in found["history"]]
    assert steps == [
        "acknowledgement",
        "assignment",
        "assignment",
        "escalation",
        "correction",
        "report",
        "reopening",
        "correction",
    ]
    assert found["history"][4]["compensation"] == money("3.50")
    assert found["history"][2]["owner"] == "hoa"
    score = tell.scored(customer, "corrected twice", lambda s: not s["complaints"]["open"], as_of=day(10))
    assert score["complaints"]["corrected"] == 1
    assert tell.score(customer, as_of=day(2, 23))["complaints"] == {"open": 0, "corrected": 1, "corrected_promptly": 1}
    assert tell.score(customer, as_of=day(5))["complaints"]["open"] == 1
    assert tell.score(customer, as_of=day(1, 14))["complaints"] == {"open": 1, "corrected": 0, "corrected_promptly": 0}


def test_the_same_reference_is_the_same_complaint(say: Teller) -> None:
    first, second, ref = say.customer("a"), say.customer("b"), f"desk:{say.tag}"
    body = {"ref": ref, "summary": "leaks", "severity": "minor", "spotted_by": {"role": "customer"}}
    told = say.post("/v1/complaints", {**body, "customer": first})
    again = say.post("/v1/complaints", {**body, "customer": second}, want=200)  # somebody else joins it
    assert again.json()["id"] == told.json()["id"]
    assert again.json()["customer"] == first
    assert again.headers["event-position"] == told.headers["event-position"]


def test_promptness_is_that_of_the_severity(say: Teller) -> None:
    customer = say.customer()
    serious, minor = say.complaint(customer, at=day(1)), say.complaint(customer, severity="minor", at=day(1))
    for complaint in (serious, minor):
        say.step(complaint, "correction", at=day(3))
    assert say.get(f"/v1/complaints/{serious}")["promptly"] is False
    prompt = say.get(f"/v1/complaints/{minor}")["promptly"]
    assert prompt in (True, False)
    expected = {"open": 0, "corrected": 2, "corrected_promptly": int(prompt)}
    assert say.scored(customer, "both", lambda s: s["complaints"]["corrected"] == 2)["complaints"] == expected


def test_anonymous_complaints_share_nothing(say: Teller) -> None:
    one, two = say.complaint(None), say.complaint(None)
    assert one != two
    for complaint in (one, two):
        assert say.get(f"/v1/complaints/{complaint}")["customer"] is None
        assert say.step(complaint, "withdrawal")["state"] == "withdrawn"


def test_complaints_are_listed_and_filtered(tell: Teller) -> None:
    customer, other = tell.customer("a"), tell.customer("b")
    mine = [tell.complaint(customer, severity=s, at=day(n)) for n, s in enumerate(["minor", "serious", "minor"], 1)]
    theirs = tell.complaint(other)
    last = tell.post(f"/v1/complaints/{mine[0]}/assignment", {"owner": f"minh {tell.tag}"}).headers["event-position"]

    def ids(**filters: str) -> list[str]:
        found = tell.call("GET", "/v1/complaints", params={"after": last, **filters})
        return [c["id"] for c in found.json()["items"]]

    assert ids(customer=customer) == mine[::-1]  # the newest first
    assert ids(customer=customer, severity="minor") == [mine[2], mine[0]]
    assert ids(owner=f"minh {tell.tag}") == [mine[0]]
    tell.step(mine[1], "correction")
    until("the corrected one", lambda: ids(customer=customer, state="corrected") == [mine[1]])
    assert ids(customer=customer, state="open") == [mine[2], mine[0]]
    assert theirs in ids(state="open")
    for nobody in (tell.ref("a"), ""):
        tell.refused(tell.call("GET", "/v1/complaints", params={"customer": nobody}), 422)
        tell.refused(tell.call("GET", "/v1/deliveries", params={"customer": nobody}), 422)
    tell.refused(tell.call("GET", "/v1/complaints", params={"state": "closed"}), 422)


def _said(step: str) -> Json:
    said: dict[str, Json] = {
        "acknowledgement": {"by": "minh"},
        "assignment": {"owner": "minh"},
        "escalation": {"to": "hoa", "reason": "x"},
        "correction": {"action": "x", "agreed": True, "by": "minh"},
        "report": {"root_cause": "x", "prevention": "y"},
        "reopening": {"reason": "x"},
        "withdrawal": {"reason": "x"},
    }
    return said[step]
