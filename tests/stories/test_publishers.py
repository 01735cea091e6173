"""Another system tells a year of four customers, everything three times and in any order: it counts once, and alike."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.stories.publisher import Http, Kafka, event, topic_of
from tests.stories.teller import Json, Teller, day, item, money, rated, until
from tests.support.product import fresh, together

SECRET = "5a" * 32
"""The same in every run, so that the ids that are made are the same, too."""
SURVEY = {
    "name": "from elsewhere",
    "dimension_set": "rater",
    "asks": ["perception", "expectation"],
    "items": [item("kept", "reliability")],
}
AN, BINH, CHI, DUNG = "pos:an", "pos:binh", "pos:chi", "card:dung"
STATES = {
    AN: "1aa2c935c1f73bbe30ae025ac5a1b99c77fb800de4d794643922c303ae55c07d",
    BINH: "e06c7104604296a5ce6bd7262172cf43ce1295b3e92519b29583aa51ba6ce431",
    CHI: "53cdf304ed433a54bcee82aa0fffcb36aba95c66c0391c2105c2fb634cc97891",
    DUNG: "7885935b8e3b01f158eac018f18aff21e4186b6d1191acb1720d9226ff4966de",
}
"""Everybody's `state_hash`, in whatever order, by whichever door and on whichever engine their history came."""


def history(survey: str) -> list[Json]:
    """What the other system has to tell. Of Binh we hear long before we are told who that is; Dung stays unknown."""
    who = {"role": "customer"}
    return [
        event("c1", "customer.recorded", AN, day(1), {"kind": "external", "name": "An", "owner": "lan"}),
        event(
            "c2",
            "customer.recorded",
            None,
            day(20),
            {"ref": BINH, "kind": "external", "name": "Binh", "stage": "prospect"},
        ),
        event("c3", "customer.recorded", CHI, day(1), {"kind": "internal", "department": "shop"}),
        event("c4", "customer.acquired", AN, day(1, 10), {"channel": "fair", "cost": money("2.50")}),
        *(
            event(
                f"p{who} {n}",
                "customer.purchased",
                who,
                day(2 + 3 * n),
                {"order": f"o{n}", "amount": money(f"{10 + n}.00")},
            )
            for who in (AN, BINH, DUNG)
            for n in range(4)
        ),
        event("r1", "customer.purchased", AN, day(9, 10), {"order": "r1", "refund_of": "o2", "amount": money("12.00")}),
        event("l1", "customer.lost", BINH, day(15), {"reason": "indifference"}),
        event("l2", "customer.won_back", BINH, day(16), {"approach": "called", "by": "lan", "outcome": "stays"}),
        event("l3", "customer.lost", None, day(17), {"customer": BINH, "reason": "moved"}),
        event(
            "d1",
            "care.delivered",
            AN,
            day(3),
            {"customer": AN, "programme": "welcome", "on_time": True, "staff": "lan"},
        ),
        event("d2", "care.delivered", None, None, {"customer": DUNG, "programme": "welcome", "at": day(4)}),
        event(
            "t1",
            "touchpoint.recorded",
            BINH,
            day(4),
            {
                "customer": BINH,
                "staff": "lan",
                "channel": "phone",
                "promises": [
                    {"what": "call", "due": day(5), "owner": "lan"},
                    {"what": "write", "due": day(6), "owner": "lan"},
                ],
            },
        ),
        event(
            "s1",
            "survey.answered",
            AN,
            day(10),
            {"survey": survey, "form": 2, "items": [rated("quick", 2, 4)], "nps": 3},
        ),
        event("s2", "survey.answered", AN, day(12), {"survey": survey, "form": 1, "items": [rated("kept", 4, 5)]}),
        event("s3", "survey.answered", BINH, day(12), {"survey": "recovery", "items": [rated("able", 5, 3)], "ces": 7}),
        event("s4", "survey.answered", None, day(12), {"survey": survey, "form": 2, "items": [rated("quick", 1, 5)]}),
        event(
            "k1",
            "complaint.spotted",
            AN,
            day(5),
            {
                "customer": AN,
                "ref": "desk:1",
                "summary": "leaks",
                "severity": "serious",
                "spotted_by": who,
                "dimension": "tangibles",
            },
        ),
        event("k2", "complaint.acknowledged", AN, day(5, 10), {"complaint": "desk:1", "by": "minh"}),
        event("k3", "complaint.assigned", None, day(5, 11), {"complaint": "desk:1", "owner": "minh"}),
        event(
            "k4",
            "complaint.corrected",
            AN,
            day(6),
            {"complaint": "desk:1", "action": "mended", "agreed": True, "by": "minh"},
        ),
        event(
            "k5",
            "complaint.reported",
            AN,
            day(7),
            {"complaint": "desk:1", "root_cause": "glue", "prevention": "checks"},
        ),
        event("k6", "complaint.reopened", AN, day(8), {"complaint": "desk:1", "reason": "leaks again"}),
        event(
            "k7",
            "complaint.corrected",
            AN,
            day(9),
            {"complaint": "desk:1", "action": "new one", "agreed": True, "by": "hoa", "compensation": money("5.00")},
        ),
        event(
            "k8",
            "complaint.spotted",
            None,
            day(9),
            {"customer": DUNG, "ref": "desk:2", "summary": "slow", "severity": "minor", "spotted_by": who},
        ),
        event("k9", "complaint.withdrawn", None, day(10), {"complaint": "desk:2", "reason": "a mistake"}),
        event("k10", "complaint.spotted", None, day(9), {"summary": "noise", "severity": "minor", "spotted_by": who}),
        event(
            "k11",
            "complaint.spotted",
            BINH,
            day(12),
            {"ref": "desk:3", "summary": "rude", "severity": "serious", "spotted_by": who},
        ),
        event("k12", "complaint.escalated", BINH, day(13), {"complaint": "desk:3", "to": "hoa", "reason": "serious"}),
    ]


def everything_arrives(tell: Teller, events: list[Json]) -> dict[str, str]:
    """Waits until every event is appended; the last positions by service."""
    last: dict[str, str] = {}
    for one in events:

        def appended(one: Json = one) -> Any:
            found = tell.get(f"/v1/events/{topic_of(one)}", source=one["source"], id=one["id"])
            assert found["status"] != "quarantined", f"{one['id']}: {found}"
            return found["status"] == "appended" and found

        found = until(f"{one['id']} appended", appended, within=60)
        last[f"{topic_of(one)} {one['id']}"] = found["position"]
    return last


@pytest.mark.parametrize(("way", "seed"), [("kafka", 1), ("kafka", 2), ("http", 3)])
def test_everything_three_times_in_any_order(way: str, seed: int) -> None:
    dice = random.Random(seed)
    with fresh("distributed" if way == "kafka" else "embedded") as engines:
        product = together(engines, CARELEDGER_SECRET=SECRET)
        try:
            tell = Teller(product.start())
            survey = tell.post("/v1/surveys", SURVEY, key="the survey").json()["id"]
            events = history(survey)
            scrambled = dice.sample(events * 3, 3 * len(events))
            publisher = Kafka(product, dice) if way == "kafka" else Http(tell, dice)
            publisher.publish(scrambled[: 2 * len(events)])
            for early in ("s1", "s4"):
                until(f"{early} waits for its form", lambda early=early: _status(tell, early) == "parked" or None)  # type: ignore[misc]
            second = {**SURVEY, "items": [item("quick", "responsiveness")], "nps": True}
            tell.post(f"/v1/surveys/{survey}/versions", second, key="its second version")
            publisher.publish(scrambled[2 * len(events) :])
            check(tell, everything_arrives(tell, events))
        finally:
            product.close()


def check(tell: Teller, positions: dict[str, str]) -> None:
    """What everybody's history must come to, once, whatever came how often and when."""
    asked = {"customers": [AN, BINH, CHI, DUNG]}
    people = tell.post("/v1/customers/resolve", asked, want=200).json()["items"]
    ids = {p["asked"]: p["id"] for p in people}
    records = {p["asked"]: (p["name"], p["kind"], p["stage"], p["bare"]) for p in people}
    assert records == {
        AN: ("An", "external", "active", False),
        BINH: ("Binh", "external", "lost", False),
        CHI: (None, "internal", "active", False),
        DUNG: (None, "external", "active", True),
    }
    assert {p["asked"]: p["refs"] for p in people} == {who: [who] for who in asked["customers"]}
    for position in positions.values():
        tell.score(ids[AN], after=position)
    scores = {who: tell.score(ids[who], as_of="2026-04-01T00:00:00Z") for who in ids}
    assert {who: s["loyalty"]["frequency"] for who, s in scores.items()} == {AN: 2, BINH: 3, CHI: 0, DUNG: 3}
    assert {who: s["satisfaction"]["overall"]["n"] for who, s in scores.items()} == {AN: 2, BINH: 1, CHI: 0, DUNG: 0}
    assert scores[AN]["satisfaction"]["nps_answer"] == 3
    assert scores[BINH]["loyalty"]["tier"] == "lost"
    stand = {who: (s["complaints"]["open"], s["complaints"]["corrected"]) for who, s in scores.items()}
    assert stand == {AN: (0, 1), BINH: (1, 0), CHI: (0, 0), DUNG: (0, 0)}
    complaint = tell.get("/v1/complaints", customer=ids[AN])["items"]
    assert len(complaint) == 1
    history = tell.get(f"/v1/complaints/{complaint[0]['id']}")["history"]
    assert [h["step"] for h in history] == [
        "acknowledgement",
        "assignment",
        "correction",
        "report",
        "reopening",
        "correction",
    ]
    assert all(h["counts"] for h in history)
    assert len(tell.get("/v1/promises", customer=ids[BINH])["items"]) == 2
    assert len(tell.get("/v1/deliveries", customer=ids[DUNG])["items"]) == 1
    nobody = [c for c in tell.get("/v1/complaints")["items"] if c["customer"] is None]
    assert len(nobody) == 1
    assert {who: s["state_hash"] for who, s in scores.items()} == STATES


def _status(tell: Teller, id: str) -> str:
    return str(tell.get("/v1/events/care", source="/desk", id=id)["status"])
