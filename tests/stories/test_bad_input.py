"""Whatever is sent: a clear problem, nothing echoed, nothing lost, nobody else affected, and never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.stories.teller import Json, Teller, day, item, money, rated

SECRET = "zq-echo-7731"
"""Stands in everything bad that is sent, and must not come back."""


def calls(tell: Teller) -> list[tuple[str, Json]]:
    """A good body for every kind of call; what is bad about it is put in afterwards."""
    cid, survey = tell.customer(), tell.survey(nps=True)
    tell.field("a_text", "text")
    return [
        ("/v1/customers", {"kind": "external", "name": "x", "custom": {"a_text": "b"}}),
        ("/v1/customers/upsert", {"ref": tell.ref(), "name": "x", "household": {"size": 2}}),
        ("/v1/customers/resolve", {"customers": [cid]}),
        (f"/v1/customers/{cid}/acquisition", {"channel": "shop", "cost": money("1.00"), "at": day(1)}),
        (f"/v1/customers/{cid}/purchases", {"order": "o", "amount": money("1.00"), "at": day(1)}),
        (f"/v1/customers/{cid}/loss", {"reason": "moved", "at": day(1)}),
        (f"/v1/customers/{cid}/win-back", {"approach": "x", "by": "y", "outcome": "z"}),
        (f"/v1/customers/{cid}/erasure", {"reason": "request"}),
        ("/v1/deliveries", {"customer": cid, "programme": "x", "cost": money("1.00"), "at": day(1)}),
        (
            "/v1/touchpoints",
            {"customer": cid, "staff": "lan", "channel": "x", "promises": [{"what": "x", "due": day(1), "owner": "y"}]},
        ),
        (
            "/v1/surveys",
            {"name": "x", "dimension_set": "rater", "asks": ["perception"], "items": [item("a", "empathy")]},
        ),
        (f"/v1/surveys/{survey}/answers", {"customer": cid, "items": [rated("kept", 4, 5)], "nps": 9}),
        (
            "/v1/complaints",
            {"customer": cid, "summary": "x", "severity": "minor", "spotted_by": {"role": "staff", "who": "x"}},
        ),
        (
            f"/v1/complaints/{tell.complaint(cid)}/correction",
            {"action": "x", "agreed": True, "by": "y", "compensation": money("1.00")},
        ),
    ]


def spoilt(body: Json) -> Iterator[tuple[str, bytes]]:
    """The body with one thing wrong in it, in every place where it can be."""
    good = json.dumps(body)
    yield "cut short", good[:-3].encode()
    yield "not JSON", f"{SECRET}".encode()
    yield "a list", json.dumps([body]).encode()
    yield "nothing", b""
    yield "null", b"null"
    yield "not UTF-8", good.encode().replace(b'"', b'"\xff', 1)
    yield "unknown member", json.dumps({**body, SECRET: 1}).encode()
    yield "two members of one name", (good[:-1] + "," + good[1:]).encode()
    yield "deeply nested", good[:-1].encode() + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for name, value in body.items():
        for what, bad in wrong(value):
            yield f"{name}: {what}", json.dumps({**body, name: "@"}).replace('"@"', bad).encode()
    yield "far future", json.dumps({**body, "at": "2999-01-01T00:00:00Z"}).encode()
    yield "no such day", json.dumps({**body, "at": "2026-02-30T00:00:00Z"}).encode()
    yield "no offset", json.dumps({**body, "at": "2026-02-03T00:00:00"}).encode()
    yield "year 0", json.dumps({**body, "at": "0000-01-01T00:00:00Z"}).encode()
    yield "before all time", json.dumps({**body, "at": "0001-01-01T00:00:00+23:59"}).encode()
    yield "a number for a moment", json.dumps({**body, "at": 1_700_000_000}).encode()
    yield "digits for a moment", json.dumps({**body, "at": "1700000000"}).encode()


def wrong(value: object) -> Iterator[tuple[str, str]]:
    """JSON texts that cannot stand where `value` stands."""
    yield "NUL", '"a\\u0000b"'
    yield "half a surrogate", '"a\\ud800b"'
    yield "NaN", "NaN"
    yield "infinity", "-Infinity"
    yield "1e999", "1e999"
    yield "huge", "9" * 5000
    yield "empty", '""'
    yield "an object", f'{{"{SECRET}": {{"{SECRET}": 1}}}}'
    if not isinstance(value, bool):
        yield "a flag", "true"
    if not isinstance(value, list):
        yield "a list of itself", f"[[[{json.dumps(value)}]]]"
    if isinstance(value, str):
        yield "a number", "17"
        yield "very long", f'"{SECRET * 20_000}"'
    else:
        yield "text", f'"{SECRET}"'
    if isinstance(value, dict) and "amount" in value:
        for amount in (
            '"-1.00"',
            "-1",
            '"NaN"',
            '"1e999"',
            '"1,00"',
            '"Infinity"',
            "1e400",
            '"0.0000001"',
            f'"{"9" * 40}"',
            "null",
        ):
            yield f"amount {amount[:9]}", f'{{"amount": {amount}, "currency": "USD"}}'
        for currency in ('"usd"', '"USDX"', '"U$D"', "null", "840"):
            yield f"currency {currency}", f'{{"amount": "1.00", "currency": {currency}}}'
        yield "no currency", '{"amount": "1.00"}'


NO_JSON = {"cut short", "not JSON", "nothing", "not UTF-8", "deeply nested"}
ALLOWED = {  # what is left after being put in may be good by chance
    ("/v1/customers", "name: a number"),
    ("/v1/customers", "custom: an object"),
}


def test_every_body_spoilt_in_every_way(say: Teller) -> None:
    neighbour = say.customer("neighbour", name="Neighbour")
    before = say.get(f"/v1/customers/{neighbour}")
    sent = 0
    for path, body in calls(say):
        for what, raw in spoilt(body):
            answer = say.call("POST", path, content=raw, headers={"Content-Type": "application/json"})
            sent += 1
            where = f"{path} {what}: {answer.status_code} {answer.text[:300]}"
            if (path, what) in ALLOWED and answer.status_code < 300:
                continue
            assert answer.status_code == (400 if what in NO_JSON else 422), where
            problem = say.refused(answer, answer.status_code)
            assert problem["code"], where
            assert SECRET not in answer.text, where
    assert sent > 500
    assert say.get(f"/v1/customers/{neighbour}") == before


def test_content_that_is_not_json(say: Teller) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "",
        "application/json; charset=latin-1",
        "application/xml",
    ):
        headers = {"Content-Type": kind}
        answer = say.call("POST", "/v1/customers", content=b'{"kind": "external"}', headers=headers)
        say.refused(answer, 415, "unsupported_media_type")
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        answer = say.call("POST", "/v1/customers", content=b'{"kind": "external"}', headers={"Content-Type": kind})
        assert answer.status_code == 201
    say.refused(say.call("PUT", "/v1/customers"), 405)
    say.refused(say.call("DELETE", f"/v1/customers/{say.customer()}"), 405)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/{}",
        "/v1/complaints/{}",
        "/v1/scores/customers/{}",
        "/v1/deliveries/{}",
        "/v1/promises/{}",
        "/v1/touchpoints/{}",
    ],
)
def test_strange_paths(say: Teller, path: str) -> None:
    for strange in (SECRET, "%00", "%ff", "..%2f..", "0" * 5000, "'; DROP TABLE events; --", "%F0%9F%92%A9", "{}", "1"):
        answer = say.call("GET", path.format(strange.replace("%", "%25") if "DROP" in strange else strange))
        assert answer.status_code in (404, 422), f"{strange}: {answer.status_code}"
        say.refused(answer, answer.status_code)
        assert SECRET not in answer.text


def test_strange_queries(say: Teller) -> None:
    values = (
        SECRET,
        "a\x00b",
        "9" * 400,
        "2026-13-45T00:00:00Z",
        "\ud7ff\uffff",
        "-1",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "NaN",
    )
    asked, cid = 0, say.customer()
    for service in ("profile", "care", "complaints", "scoring"):
        for path, operations in say.get(f"/{service}/openapi.json")["paths"].items():
            for parameter in operations.get("get", {}).get("parameters", []):
                if parameter["in"] != "query":
                    continue
                for value in values:
                    answer = say.call("GET", path.replace("{customer}", cid), params={parameter["name"]: value})
                    asked += 1
                    where = f"{path} {parameter['name']}={value[:30]!r}: {answer.status_code} {answer.text[:200]}"
                    assert answer.status_code in (200, 404, 422), where
                    if answer.status_code != 200:
                        say.refused(answer, answer.status_code)
                        assert SECRET not in answer.text, where
    assert asked > 300


def test_a_body_of_ten_megabytes_is_not_read_to_its_end(say: Teller) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 50_000

    headers = {"Content-Type": "application/json"}
    try:
        answer = say.call("POST", "/v1/complaints", content=endless(), headers=headers)
    except (httpx.WriteError, httpx.ReadError):
        return  # the connection was closed while we were still talking
    say.refused(answer, 413, "content_too_large")


def test_steps_before_their_time(say: Teller) -> None:
    complaint = say.complaint(say.customer(), at=day(10))
    say.step(complaint, "correction", at=day(9), want=409)
    say.step(complaint, "correction", at=day(12))
    say.step(complaint, "report", at=day(11), want=409)
    say.step(complaint, "reopening", at=day(11), want=409)
    say.step(complaint, "acknowledgement", at=day(11))  # late news of what was possible then
    say.step(complaint, "assignment", at=day(13), want=409)
    assert [h["step"] for h in say.get(f"/v1/complaints/{complaint}")["history"]] == ["acknowledgement", "correction"]


def test_nothing_failed_and_nothing_was_echoed_into_the_logs(say: Teller) -> None:
    logs = say.product.logs()
    assert SECRET.encode() not in logs
    assert b'"status":500' not in logs
    assert b"Traceback" not in logs
