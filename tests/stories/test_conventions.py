"""What holds of every call: keys, problems, idempotency, versions, positions, limits."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

import httpx
import pytest

from tests.stories.calls import posts
from tests.stories.publisher import event
from tests.stories.teller import Json, Teller, day, money


def remembered(answer: httpx.Response) -> tuple[Any, ...]:
    """What a repeated call must answer again."""
    headers = answer.headers
    return answer.status_code, answer.content, headers.get("etag"), headers.get("event-position")


def test_every_post_answers_a_repeated_key_again_and_refuses_another_body(tell: Teller) -> None:
    first: list[tuple[str, Json, tuple[Any, ...]]] = []
    for n, (path, body) in enumerate(posts(tell)):
        answer = tell.call("POST", path, body, key=f"{tell.tag} {n}")
        wanted = 202 if path.endswith("/erasure") else 200 if path.endswith(("/kept", "/undo")) else 201
        assert answer.status_code == wanted, f"{path}: {answer.status_code} {answer.text}"
        assert answer.headers["event-position"], path
        first.append((path, body, remembered(answer)))
    for n, (path, body, before) in enumerate(first):
        again = tell.call("POST", path, body, key=f"{tell.tag} {n}")
        assert remembered(again) == before, path
        other = tell.call("POST", path, {**body, "at": "2026-02-01T00:00:00Z"}, key=f"{tell.tag} {n}")
        if not path.endswith("/erasure"):
            tell.refused(other, 422, "idempotency_key_reused")
        # the key is this method's and path's own
    own = tell.call("POST", "/v1/customers", {"kind": "external"}, key=f"{tell.tag} 3")
    assert own.status_code == 201


def test_events_under_a_key_are_answered_again(tell: Teller) -> None:
    one = event(tell.tag, "customer.purchased", tell.ref(), day(1), {"order": "o", "amount": money("1.00")})
    first, again = (tell.call("POST", "/v1/events/customers", one, key=tell.tag) for _ in range(2))
    assert first.json()["results"][0]["status"] == "appended"
    assert remembered(again) == remembered(first)
    other = tell.call("POST", "/v1/events/customers", {**one, "id": "other"}, key=tell.tag)
    tell.refused(other, 422, "idempotency_key_reused")


def test_without_a_key_nothing_is_taken_for_a_repetition(say: Teller) -> None:
    customer = say.customer()
    ids = {say.post("/v1/deliveries", {"customer": customer, "programme": "welcome"}).json()["id"] for _ in range(3)}
    assert len(ids) == 3


def test_only_successes_are_remembered(say: Teller) -> None:
    key, customer = uuid.uuid4().hex, say.customer()
    complaint = say.complaint(customer)
    path, body = f"/v1/complaints/{complaint}/report", {"root_cause": "x", "prevention": "y"}
    say.refused(say.call("POST", path, body, key=key), 409, "out_of_order")
    say.step(complaint, "correction")
    assert say.call("POST", path, body, key=key).status_code == 201
    say.refused(say.call("POST", "/v1/deliveries", {"customer": customer}, key=key), 422)
    assert say.call("POST", "/v1/deliveries", {"customer": customer, "programme": "x"}, key=key).status_code == 201


def test_the_same_key_at_once_happens_once(tell: Teller) -> None:
    customer = tell.customer()
    for attempt in range(5):
        answers: list[httpx.Response] = []
        body = {"customer": customer, "programme": f"care {attempt}"}

        def press(body: Json = body, attempt: int = attempt, answers: list[httpx.Response] = answers) -> None:
            answers.append(tell.call("POST", "/v1/deliveries", body, key=f"{tell.tag} once {attempt}"))

        threads = [threading.Thread(target=press) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done = [a for a in answers if a.status_code == 201]
        assert done
        assert len({remembered(a) for a in done}) == 1
        for answer in answers:
            if answer.status_code != 201:
                tell.refused(answer, 409, "idempotency_in_flight")
    last = done[0].headers["event-position"]
    listed = tell.get("/v1/deliveries", customer=customer, after=last)["items"]
    assert sorted(d["programme"] for d in listed) == [f"care {n}" for n in range(5)]


@pytest.mark.parametrize("key", ["", "x" * 256, "mïnh"])
def test_a_malformed_key_is_refused(say: Teller, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1")), (b"Content-Type", b"application/json")]
    request = say.product.client.build_request(
        "POST", "http://127.0.0.1:1/v1/customers", content=b'{"kind": "external"}'
    )
    request.headers = httpx.Headers([*request.headers.raw, *headers])
    problem = say.refused(say.product.client.send(request), 422)
    assert problem["invalid_params"][0]["pointer"] == "/Idempotency-Key"


def test_nobody_gets_in_without_a_key(say: Teller) -> None:
    customer = say.customer()
    served = [(m, p) for s in ("profile", "care", "complaints", "scoring") for m, p in _operations(say, s)]
    assert len(served) > 40
    for method, path in served:
        for authorization in (
            {"Authorization": ""},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic eDp5"},
        ):
            answer = say.call(method, path.replace("{customer}", customer), headers=authorization)
            if path.startswith("/v1"):
                assert answer.headers["www-authenticate"].startswith("Bearer")
                say.refused(answer, 401, "unauthorized")
            else:
                assert answer.status_code == 200
    say.refused(say.call("GET", "/v1/nothing", headers={"Authorization": ""}), 401)
    say.refused(say.call("GET", "/v1/nothing"), 404, "not_found")


def test_each_service_has_its_own_pages(say: Teller) -> None:
    for service in ("profile", "care", "complaints", "scoring"):
        for page in ("docs", "openapi.json", "healthz", "readyz", "metrics"):
            assert say.call("GET", f"/{service}/{page}").status_code == 200, page
    metrics = say.call("GET", "/profile/metrics").text
    assert "careledger_http_request_duration_seconds" in metrics
    assert 'route="/v1/customers/upsert"' in metrics


def test_a_patch_needs_the_version_it_changes(tell: Teller) -> None:
    tell.field("a_number", "number")
    tell.field("a_text", "text")
    custom, household = {"a_number": 1, "a_text": "x"}, {"size": 2, "structure": "pair"}
    customer = tell.customer(name="Old Name", owner="lan", custom=custom, household=household)
    path = f"/v1/customers/{customer}"
    tag = tell.call("GET", path).headers["etag"]
    tell.refused(tell.call("PATCH", path, {"owner": "hoa"}), 428, "precondition_required")
    merge = {"owner": None, "name": "New Name", "custom": {"a_text": None}, "household": {"structure": None}}
    kind = {"Content-Type": "application/merge-patch+json"}
    done = tell.call("PATCH", path, content=json.dumps(merge), headers={"If-Match": tag, **kind})
    assert done.status_code == 200, done.text
    assert done.headers["etag"] != tag
    found = tell.call("GET", path)
    assert found.headers["etag"] == done.headers["etag"]
    assert (found.json()["owner"], found.json()["name"]) == (None, "New Name")
    assert found.json()["custom"] == {"a_number": 1}
    assert found.json()["household"] == {"size": 2}
    stale = tell.call("PATCH", path, {"owner": "hoa"}, headers={"If-Match": tag})
    problem = tell.refused(stale, 412, "version_mismatch")
    assert f'"{problem["current"]}"' == f'"{problem["expected"]}"' == done.headers["etag"]
    assert f'"{problem["sent"]}"' == tag
    tell.refused(tell.call("PATCH", path, {"owner": "hoa"}, headers={"If-Match": '"x', **kind}), 422)
    tell.refused(tell.call("PATCH", path, {"kind": None}, headers={"If-Match": "*"}), 422)
    assert tell.call("PATCH", path, {"owner": "hoa"}, headers={"If-Match": "*"}).json()["owner"] == "hoa"
    unchanged = tell.call("PATCH", path, {"owner": "hoa"}, headers={"If-Match": "*"})
    assert unchanged.headers["event-position"], "an unchanged record has a position to read after, too"


def test_after_waits_for_the_write_everywhere(tell: Teller) -> None:
    customer = tell.customer(name="Somebody")
    bought = tell.post(f"/v1/customers/{customer}/purchases", {"order": "o", "amount": money("1.00"), "at": day(1)})
    position = bought.headers["event-position"]
    for path in (
        f"/v1/customers/{customer}",
        "/v1/customers",
        f"/v1/scores/customers/{customer}",
        f"/v1/scores/customers/{customer}/explanation",
        "/v1/reports/satisfaction",
        "/v1/reports/complaints",
    ):
        tell.get(path, after=position)
    assert tell.score(customer, after=position)["applied"]["customers"] == 2
    given = tell.post("/v1/deliveries", {"customer": customer, "programme": "x"})
    position = given.headers["event-position"]
    assert tell.get("/v1/deliveries", customer=customer, after=position)["items"][0]["id"] == given.json()["id"]
    assert tell.score(customer, after=position)["applied"]["care"] == 1
    complaint = tell.post(
        "/v1/complaints", {"customer": customer, "summary": "x", "severity": "minor", "spotted_by": {"role": "staff"}}
    )
    position = complaint.headers["event-position"]
    assert tell.get("/v1/complaints", customer=customer, after=position)["items"]
    assert tell.score(customer, after=position)["complaints"]["open"] == 1
    survey = tell.post("/v1/surveys", {"name": "x", "dimension_set": "rater", "asks": ["perception"], "items": []})
    position = survey.headers["event-position"]
    assert survey.json()["id"] in {s["id"] for s in tell.get("/v1/surveys", after=position)["items"]}


@pytest.mark.parametrize("token", ["x", "%%%", "", "cHJvZmlsZSAx", "bm9ib2R5IDEgeA", "cHJvZmlsZSAtMSB4", "a" * 2000])
def test_a_malformed_position_is_told(say: Teller, token: str) -> None:
    for path in ("/v1/customers", "/v1/deliveries", "/v1/complaints", f"/v1/scores/customers/{say.customer()}"):
        say.refused(say.call("GET", path, params={"after": token}), 422)


def test_heads_and_conditional_reads(say: Teller) -> None:
    customer, complaint = say.customer("a"), say.complaint(say.customer("b"))
    for path in (f"/v1/customers/{customer}", f"/v1/complaints/{complaint}", "/v1/vocabulary", "/profile/healthz"):
        got, head = say.call("GET", path), say.call("HEAD", path)
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(got.content)))
        if tag := got.headers.get("etag"):
            again = say.call("GET", path, headers={"If-None-Match": tag})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    # what a merge changes is told, though nobody changed the record
    path, tag = f"/v1/complaints/{complaint}", say.call("GET", f"/v1/complaints/{complaint}").headers["etag"]
    merge = say.post("/v1/merges", {"survivor": customer, "merged": say.customer("b")})
    merged = say.call("GET", path, params={"after": merge.headers["event-position"]}, headers={"If-None-Match": tag})
    assert (merged.status_code, merged.json()["customer"]) == (200, customer)
    known = {"If-None-Match": say.call("GET", f"/v1/customers/{customer}").headers["etag"]}
    say.post(f"/v1/customers/{say.customer('b')}/loss", {"reason": "moved"})
    assert say.call("GET", f"/v1/customers/{customer}", headers=known).json()["stage"] == "lost"


def test_a_filter_that_is_misspelt_or_given_twice_is_refused(say: Teller) -> None:
    customer = say.customer()
    for path, params in (
        ("/v1/customers", {"stag": "active"}),
        ("/v1/customers", {"stage": ["active", "lost"]}),
        ("/v1/due", {"untill": day(1)}),
        ("/v1/complaints", {"q": customer}),
        (f"/v1/scores/customers/{customer}", {"asof": day(1)}),
        ("/v1/reports/satisfaction", {"since": day(1)}),
    ):
        say.refused(say.call("GET", path, params=params), 422, "invalid")


def test_a_position_that_never_comes_is_not_caught_up(say: Teller) -> None:
    import base64

    token = base64.urlsafe_b64encode(f"care 999 {say.customer()}".encode()).decode().rstrip("=")
    say.refused(say.call("GET", "/v1/reports/complaints", params={"after": token}), 503, "not_caught_up")


def test_limits_of_bodies_and_lists(say: Teller) -> None:
    big = b'{"kind": "external", "background": "' + b"x" * 5_000_001 + b'"}'
    kind = {"Content-Type": "application/json"}
    say.refused(say.call("POST", "/v1/customers", content=big, headers=kind), 413, "content_too_large")
    say.refused(say.call("POST", "/v1/customers", content=iter([big[:4_000_000], big[4_000_000:]]), headers=kind), 413)
    say.refused(say.call("POST", "/v1/customers/resolve", {"customers": ["pos:x"] * 1001}), 422)
    assert len(say.post("/v1/customers/resolve", {"customers": ["pos:x"] * 1000}, want=200).json()["items"]) == 1000
    for path in ("/v1/customers", "/v1/complaints", "/v1/deliveries", "/v1/surveys"):
        for limit in ("0", "-1", "100000", "x"):
            say.refused(say.call("GET", path, params={"limit": limit}), 422)
        say.refused(say.call("GET", path, params={"cursor": "nonsense"}), 422)


def test_every_list_answers_items_and_a_cursor(say: Teller) -> None:
    lists = set()
    for service in ("profile", "care", "complaints", "scoring"):
        document = say.get(f"/{service}/openapi.json")
        for path, operations in document["paths"].items():
            if path.startswith("/v1") and "get" in operations:
                schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
                members = named.get("properties", {})
                if "items" in members and "id" not in members:  # things have items, too
                    lists.add(path)
                    assert "next_cursor" in members, path
    assert len(lists) > 20, lists


METHODS = ("get", "post", "patch", "put", "delete")


def _operations(say: Teller, service: str) -> list[tuple[str, str]]:
    paths = say.get(f"/{service}/openapi.json")["paths"]
    return [
        (m.upper(), p if p.startswith("/v1") else f"/{service}{p}")
        for p, found in paths.items()
        for m in found
        if m in METHODS
    ]
