"""Health, metrics, request ids and access logs."""

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from libs.web.exchange import given_request_id
from libs.web.metrics import Requests
from libs.web.telemetry import Watch
from tests.libs.web import toy


async def test_ready_once_nothing_is_missing(service: toy.Toy) -> None:
    service.missing += ["views are catching up"]
    async with toy.client(service.app) as client:
        not_yet = await client.get("/readyz")
        assert (not_yet.status_code, not_yet.json()["missing"]) == (503, ["views are catching up"])
        assert not_yet.headers["content-type"] == "application/problem+json"
        assert (await client.get("/healthz")).status_code == 200
        service.missing.clear()
        assert (await client.get("/readyz")).json() == {"status": "ok"}


async def test_metrics_count_by_template_and_hold_no_ids(service: toy.Toy) -> None:
    async with service.client() as client:
        for _ in range(3):
            await client.get(f"/v1/customers/{toy.CUSTOMER}")
        await client.get("/v1/no/such/thing")
        await client.request("BREW", "/v1/customers")
        text = (await client.get("/metrics")).text
    labels = 'method="GET",route="/v1/customers/{customer}",service="profile",status="404"'
    assert f"careledger_http_request_duration_seconds_count{{{labels}}} 3.0" in text
    assert 'le="+Inf",method="GET",route="/v1/customers/{customer}"' in text
    assert 'route="unmatched"' in text
    assert 'method="other"' in text
    assert toy.CUSTOMER not in text
    assert "such" not in text


@pytest.mark.parametrize("given", ["7f9a6c1e0b2d4c58", "0d1b4c3e-1111-8222-8333-444455556666", "req_12345678"])
async def test_a_request_id_that_is_one_is_kept(service: toy.Toy, given: str) -> None:
    async with service.client() as client:
        assert (await client.get("/healthz", headers={"X-Request-Id": given})).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"short", b"a b c d e f g h", b"x" * 65, b"a@b.test", b"caf\xc3\xa9-1", None])
def test_any_other_is_replaced(given: bytes | None) -> None:
    made = given_request_id(given)
    assert len(made) == 28
    assert given is None or made != given.decode()
    assert made != given_request_id(given)


async def noting(sample: float, status: int) -> list[str]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    watch = Watch(app, "toy", Requests("toy"), sample)
    with capture_logs() as lines:
        async with toy.client(watch) as client:
            await client.get("/v1/secret-path?q=secret")
    assert "secret" not in str(lines)
    return [line["log_level"] for line in lines]


async def test_the_access_log_can_be_thinned_but_not_of_failures() -> None:
    assert await noting(1, 200) == ["info"]
    assert await noting(0, 200) == []
    assert await noting(0, 404) == []
    assert await noting(0, 503) == ["warning"]
    assert await noting(0, 500) == ["error"]


async def test_other_metrics_stand_beside(tmp_path: Path) -> None:
    from prometheus_client import CollectorRegistry, Gauge

    from libs.web.app import build_app

    made = toy.make(tmp_path)
    registry = CollectorRegistry()
    Gauge("lag", "how far behind", registry=registry).set(7)

    async def readiness() -> list[str]:
        return []

    app = build_app(replace(toy.DEFINITION), made.platform, readiness, registry=registry)
    async with toy.client(app) as client:
        assert "lag 7.0" in (await client.get("/metrics")).text
