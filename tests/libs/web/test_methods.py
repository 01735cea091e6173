"""HEAD, conditional GET, OPTIONS, and calls from pages of other origins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from libs.web.answers import Answered, answer
from libs.web.app import build_app
from libs.web.keys import create_key
from libs.web.settings import WebSettings
from tests.libs.web import toy

THING = f"/v1/customers/{toy.CUSTOMER}"
DESK = "https://desk.example.com"


def purchase(order: str) -> dict[str, object]:
    return {"order": order, "amount": {"amount": "1.00", "currency": "USD"}}


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter()

    @router.get("/v1/live")
    async def live() -> Answered:
        return answer({"members": 3}, version=1, live=True)

    @router.get("/v1/endless")
    async def endless() -> Response:
        async def forever() -> AsyncIterator[bytes]:
            while True:
                yield b": still here"
                await asyncio.sleep(0.01)

        return StreamingResponse(forever())

    made = toy.make(tmp_path, extra=[router])
    async with made.client() as client:
        await client.post(f"{THING}/purchases", json=purchase("o"))
        assert (await client.get(THING)).headers["etag"] == '"1"'
        yield client


@pytest.mark.parametrize("path", [THING, "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/nothing"])
async def test_head_is_the_get_without_its_body(http: httpx.AsyncClient, path: str) -> None:
    got, head = await http.get(path), await http.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    volatile = {"x-request-id", "content-length"} if path == "/metrics" or got.is_error else {"x-request-id"}
    told = {name: value for name, value in got.headers.items() if name not in volatile}
    assert {name: value for name, value in head.headers.items() if name not in volatile} == told
    assert "content-length" in head.headers


async def test_head_needs_a_key_and_ends_where_the_body_would_not(http: httpx.AsyncClient) -> None:
    refused = await http.head(THING, headers={"Authorization": ""})
    assert (refused.status_code, refused.content) == (401, b"")
    assert (await asyncio.wait_for(http.head("/v1/endless"), 5)).status_code == 200
    assert (await http.head(f"{THING}/purchases")).status_code == 405


@pytest.mark.parametrize(("known", "status"), [
    ('"1"', 304), ('W/"1"', 304), ("*", 304), (' "0", W/"1" ', 304), ('"0"', 200), ('"11"', 200), ("1", 200), ("", 200),
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_it_is_not_sent_it_again(http: httpx.AsyncClient, method: str, known: str, status: int) -> None:
    response = await http.request(method, THING, headers={"If-None-Match": known})
    assert response.status_code == status
    assert response.headers["etag"] == '"1"'
    assert bool(response.content) is (status == 200 and method == "GET")
    assert ("content-type" in response.headers) is (status == 200)
    assert response.headers["x-request-id"]


async def test_a_change_is_sent_and_a_write_is_never_unchanged(http: httpx.AsyncClient) -> None:
    again = {"If-None-Match": "*"}
    bought = await http.post(f"{THING}/purchases", json=purchase("p"), headers=again)
    assert bought.status_code == 201
    assert (await http.get(THING, headers={"If-None-Match": '"1"'})).headers["etag"] == '"2"'
    live = await http.get("/v1/live", headers=again)
    assert (live.status_code, live.json(), live.headers["cache-control"]) == (200, {"members": 3}, "no-store")


async def test_options_says_what_an_address_takes(http: httpx.AsyncClient) -> None:
    told = await http.options(THING)
    assert (told.status_code, told.content, told.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, PATCH")
    assert (await http.options(f"{THING}/purchases")).headers["allow"] == "OPTIONS, POST"
    assert (await http.options("/v1/nothing")).status_code == 404
    refused = await http.put(f"{THING}/purchases")
    assert (refused.status_code, refused.headers["allow"]) == (405, "OPTIONS, POST")
    assert refused.headers["content-type"] == "application/problem+json"


async def test_other_origins_are_let_in_where_a_deployment_says_so(tmp_path: Path) -> None:
    made = toy.make(tmp_path)
    create_key(tmp_path / "keys.json", "page", toy.NOW)

    async def ready() -> list[str]:
        return []

    settings = WebSettings(access_log=0, cors_origins=f"{DESK}  https://shop.example.com")
    app = build_app(toy.DEFINITION, made.platform, ready, settings=settings)
    asking = {"Origin": DESK, "Access-Control-Request-Method": "PATCH",
              "Access-Control-Request-Headers": "authorization,if-match,content-type"}  # fmt: skip
    async with toy.client(app) as page:
        preflight = await page.options(THING, headers=asking)
        assert preflight.status_code == 200, "a browser sends no key with it"
        assert preflight.headers["access-control-allow-origin"] == DESK
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        refused = await page.get(THING, headers={"Origin": DESK})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == DESK, "a page can read why"
        assert {"ETag", "Event-Position"} <= set(refused.headers["access-control-expose-headers"].split(", "))
        stranger = await page.options(THING, headers=asking | {"Origin": "https://elsewhere.example.com"})
        assert "access-control-allow-origin" not in stranger.headers
    async with made.client() as unset:
        answered = await unset.get("/healthz", headers={"Origin": DESK})
        assert not [name for name in answered.headers if name.startswith("access-control")], "off by default"
