"""Events by plain HTTP: one or many, told what became of each, and looked up afterwards."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.stories.publisher import BATCH, STRUCTURED, event
from tests.stories.teller import Json, Teller, day, money, rated, until

FUTURE = "2999-01-01T00:00:00Z"


def post(tell: Teller, topic: str, events: Any, **more: Any) -> httpx.Response:
    kind = BATCH if isinstance(events, list) else STRUCTURED
    headers = {"Content-Type": kind, **more.pop("headers", {})}
    return tell.call("POST", f"/v1/events/{topic}", content=json.dumps(events), headers=headers, **more)


def results(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["results"]
    assert [r["index"] for r in found] == list(range(len(found)))
    return found


def status(tell: Teller, topic: str, id: str) -> Json:
    found: Json = tell.get(f"/v1/events/{topic}", source="/desk", id=id)
    return found


def bought(tell: Teller, id: str, **more: Any) -> Json:
    """A purchase as the cash desk publishes it."""
    said = {"order": id, "amount": money("10.00")}
    return event(f"{tell.tag} {id}", "customer.purchased", tell.ref(), day(1), said, **more)


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


def test_limits_of_events(say: Teller) -> None:
    thousand = [bought(say, f"o{n}") for n in range(1000)]
    assert {r["status"] for r in results(post(say, "customers", thousand))} == {"appended"}
    say.refused(post(say, "customers", [*thousand, thousand[0]]), 422)
    large = bought(say, "large")
    large["data"]["padding"] = "x" * 256 * 1024
    answer = post(say, "customers", large)
    say.refused(answer, 413, "event_too_large")
    mixed = results(post(say, "customers", [bought(say, "a"), large, bought(say, "b")]))
    assert [r["status"] for r in mixed] == ["appended", "invalid", "appended"]
    assert mixed[1]["problem"]["code"] == "event_too_large"
    assert results(post(say, "customers", [])) == []


def test_every_type_that_is_heard_and_its_body(say: Teller) -> None:
    """An inbound event's data is the body of the call that does the same; a body that is not is told by member."""
    for topic, names in {
        "customers": (
            "customer.recorded",
            "customer.acquired",
            "customer.purchased",
            "customer.lost",
            "customer.won_back",
        ),
        "care": ("care.delivered", "touchpoint.recorded", "promise.kept", "survey.answered", "survey.published"),
        "complaints": tuple(
            f"complaint.{step}"
            for step in (
                "spotted",
                "acknowledged",
                "assigned",
                "escalated",
                "corrected",
                "reported",
                "reopened",
                "withdrawn",
            )
        ),
    }.items():
        for n, name in enumerate(names):
            one = event(f"{say.tag} {n}", name, say.ref(), day(1), {"nonsense-4711": 1})
            told = results(post(say, topic, one))[0]
            assert told["status"] == "invalid", name
            codes = {p["code"] for p in told["problem"]["invalid_params"]}
            assert "unknown_member" in codes, name
            assert "4711" not in str(told)
            schema = say.get(f"/v1/schemas/events/careledger.{name}/1")
            assert schema["type"] == "object", name


def test_answers_and_kept_promises_come_as_events_too(tell: Teller) -> None:
    cid, survey = tell.customer(), tell.survey()
    contact = {
        "customer": cid,
        "staff": "lan",
        "channel": "phone",
        "promises": [{"what": "x", "due": day(4), "owner": "lan"}],
    }
    promise = tell.post("/v1/touchpoints", {**contact, "at": day(3)}).json()["promises"][0]["id"]
    events = [
        event(
            f"{tell.tag} 1", "survey.answered", tell.ref(), day(2), {"survey": survey, "items": [rated("kept", 3, 5)]}
        ),
        event(f"{tell.tag} 2", "promise.kept", tell.ref(), day(3, 12), {"promise": promise}),
    ]
    found = results(post(tell, "care", events))
    assert [r["status"] for r in found] == ["appended", "appended"]
    assert tell.get(f"/v1/promises/{promise}")["late"] is False
    assert tell.score(cid, after=found[1]["position"])["satisfaction"]["overall"]["gap"] == pytest.approx(-50)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/cloudevents+avro", ""])
def test_other_content_types(say: Teller, kind: str) -> None:
    answer = post(say, "customers", bought(say, "o"), headers={"Content-Type": kind})
    say.refused(answer, 415)


def test_binary_mode_and_plain_json(say: Teller) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": say.tag,
        "ce-source": "/desk",
        "ce-type": "careledger.customer.purchased",
        "ce-subject": say.ref(),
        "ce-time": day(1),
        "Content-Type": "application/json",
    }
    body = {"order": "o", "amount": money("1.00")}
    answer = say.call("POST", "/v1/events/customers", content=json.dumps(body), headers=headers)
    assert [r["status"] for r in results(answer)] == ["appended"]
    answer = say.call("POST", "/v1/events/customers", bought(say, "p"))
    assert [r["status"] for r in results(answer)] == ["appended"]


def test_bodies_that_are_no_events(say: Teller) -> None:
    for raw in (
        b"",
        b"{",
        b"null",
        b"17",
        b'"x"',
        b"[" * 5000,
        b'{"specversion": "1.0", "specversion": "1.0"}',
        b'{"id": "a\\u0000"}',
        b'{"id": "\\ud800"}',
        b'{"x": NaN}',
        b'{"x": 1e999}',
        b"\xff",
    ):
        answer = say.call("POST", "/v1/events/care", content=raw, headers={"Content-Type": STRUCTURED})
        say.refused(answer, 422)
    for odd in (
        {"data": 7},
        {"source": "a b"},
        {"id": ""},
        {"id": 7},
        {"time": "yesterday"},
        {"subject": ""},
        {"type": "purchased"},
        {"data": None},
        {"datacontenttype": "text/xml"},
        {"subject": "nobody"},
        {"id": "x" * 10_000},
        {"time": 17},
    ):
        told = results(post(say, "customers", {**bought(say, "o"), **odd}))
        assert told[0]["status"] == "invalid", odd
