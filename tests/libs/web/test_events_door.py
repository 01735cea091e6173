"""Events over HTTP: structured, batched, binary; limits; the results in order."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.events.units import Position
from libs.web.events_door import events_router
from tests.libs.web import toy

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
FIRST = Position("profile", "c", 1).token()
EVENT = {
    "specversion": "1.0", "id": "1", "source": "/shop", "type": "careledger.customer.purchased", "subject": "pos:1",
    "data": {"order": "o"},
}  # fmt: skip


class Inbox:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.dry: list[bool] = []

    async def take(self, events: Sequence[dict[str, Any]], dry_run: bool) -> list[dict[str, Any]]:
        self.taken += events
        self.dry.append(dry_run)
        return [{"status": "appended", "position": Position("profile", "c", int(e["id"])).token()} for e in events]

    async def status(self, source: str, id: str) -> dict[str, Any]:
        return {"status": "appended" if (source, id) == ("/shop", "1") else "unknown"}


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def service(tmp_path: Path, inbox: Inbox) -> toy.Toy:
    return toy.make(tmp_path, extra=[events_router("profile", inbox)])


async def post(
    service: toy.Toy, content: Any, content_type: str = STRUCTURED, query: str = "", name: str = "customers",
    **more: str,
) -> httpx.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content)
    headers = {"Content-Type": content_type, **{k.replace("_", "-"): v for k, v in more.items()}}
    async with service.client() as client:
        return await client.post(f"/v1/events/{name}{query}", content=raw, headers=headers)


@pytest.mark.parametrize("name", ["customers", "profile"])
async def test_one_event(service: toy.Toy, inbox: Inbox, name: str) -> None:
    response = await post(service, EVENT, name=name)
    assert response.status_code == 200
    assert response.json() == {"results": [{"index": 0, "status": "appended", "position": FIRST}]}
    assert response.headers["event-position"] == FIRST
    assert inbox.taken == [EVENT]


async def test_a_batch_in_order_with_what_is_no_event(service: toy.Toy, inbox: Inbox) -> None:
    response = await post(service, [EVENT, 7, {**EVENT, "id": "2"}], BATCH, "?dry_run=true")
    results = response.json()["results"]
    assert [(r["index"], r["status"]) for r in results] == [(0, "appended"), (1, "invalid"), (2, "appended")]
    assert results[1]["problem"]["code"] == "not_an_event"
    assert inbox.dry == [True]
    assert "event-position" not in response.headers


async def test_plain_json_is_taken_by_its_form(service: toy.Toy, inbox: Inbox) -> None:
    assert (await post(service, EVENT, "application/json")).status_code == 200
    assert (await post(service, [EVENT], "application/json; charset=utf-8")).status_code == 200
    assert len(inbox.taken) == 2


async def test_binary_mode(service: toy.Toy, inbox: Inbox) -> None:
    named = {f"ce_{k}": str(v) for k, v in EVENT.items() if k != "data"} | {"ce_subject": "pos:Nguy%E1%BB%85n"}
    response = await post(service, {"order": "o"}, "application/json", **named)
    assert response.status_code == 200
    assert inbox.taken == [{**EVENT, "subject": "pos:Nguyễn", "datacontenttype": "application/json"}]


async def test_limits(service: toy.Toy, inbox: Inbox) -> None:
    large = {**EVENT, "data": {"x": "y" * 256 * 1024}}
    single = await post(service, large)
    assert (single.status_code, single.json()["code"]) == (413, "event_too_large")
    results = (await post(service, [large, EVENT], BATCH)).json()["results"]
    assert [r["status"] for r in results] == ["invalid", "appended"]
    assert (await post(service, [EVENT] * 1001, BATCH)).status_code == 422
    assert (await post(service, [EVENT] * 1000, BATCH)).status_code == 200
    assert (await post(service, b" " * 5_000_001, BATCH)).status_code == 413
    assert (await post(service, [], BATCH)).json() == {"results": []}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"{", STRUCTURED, 400), (b"", STRUCTURED, 400), ([EVENT], STRUCTURED, 422), (EVENT, BATCH, 422),
     (b"7", STRUCTURED, 422), (b'{"a":NaN}', STRUCTURED, 422), (b'{"a":1,"a":1}', STRUCTURED, 422),
     (EVENT, "text/plain", 415), (EVENT, "", 415)],
)  # fmt: skip
async def test_what_cannot_be_read(service: toy.Toy, content: Any, kind: str, status: int) -> None:
    assert (await post(service, content, kind)).status_code == status


async def test_what_became_of_an_event(service: toy.Toy) -> None:
    async with service.client() as client:
        known = await client.get("/v1/events/customers", params={"source": "/shop", "id": "1"})
        unknown = await client.get("/v1/events/profile", params={"source": "/shop", "id": "2"})
        asked_wrongly = await client.get("/v1/events/customers", params={"source": "/shop"})
    assert (known.json(), unknown.json()) == ({"status": "appended"}, {"status": "unknown"})
    assert asked_wrongly.status_code == 422


async def test_an_idempotency_key_gives_the_first_answer_again(service: toy.Toy, inbox: Inbox) -> None:
    first = await post(service, EVENT, **{"Idempotency-Key": "k"})
    again = await post(service, EVENT, **{"Idempotency-Key": "k"})
    other = await post(service, EVENT | {"id": "2"}, **{"Idempotency-Key": "k"})
    assert (first.content, first.headers["event-position"]) == (again.content, again.headers["event-position"])
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(inbox.taken) == 1


@pytest.mark.parametrize(
    ("flaw", "code"),
    [('"a\\u0000b"', "nul_character"), ('{"a":1,"a":2}', "duplicate_member"), ("9007199254740993", "out_of_range"),
     ("NaN", "not_finite")],
)  # fmt: skip
async def test_an_event_that_is_not_strict_json_leaves_the_others_of_its_batch_good(
    service: toy.Toy, inbox: Inbox, flaw: str, code: str
) -> None:
    good, bad = json.dumps(EVENT), json.dumps(EVENT | {"data": 0}).replace('"data": 0', f'"data": {flaw}')
    answer = await post(service, f"[{bad}, {good}]".encode(), BATCH)
    results = answer.json()["results"]
    assert [r["status"] for r in results] == ["invalid", "appended"]
    assert results[0]["problem"]["invalid_params"][0]["code"] == code
    assert len(inbox.taken) == 1
    alone = await post(service, bad.encode())
    assert (alone.status_code, alone.json()["invalid_params"][0]["code"]) == (422, code)
