"""Four services under one address."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from libs.web.app import route_table
from libs.web.routing import Index
from libs.web.together import EVENTS, RESOURCES, Together
from tests.libs.web import toy

SERVICES = ("profile", "care", "complaints", "scoring")


def definition(name: str) -> Any:
    """A service that says its name wherever it is asked."""

    def routers(platform: Any) -> list[APIRouter]:
        router = APIRouter()
        names = [*RESOURCES[name], *(f"events/{n}" for n in ("customers", "profile", "care", "complaints"))]
        for path in [p for p in names if p not in ("schemas", "vocabulary", "asyncapi")]:

            @router.get(f"/v1/{path}", name=path)
            async def said() -> str:
                return name

        return [router]

    return replace(toy.DEFINITION, name=name, routers=routers)


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    made = {name: toy.make(tmp_path / name, definition(name)) for name in SERVICES}
    keys = [(tmp_path / n / "keys.json").read_text().strip()[1:-1] for n in SERVICES]
    for name in SERVICES:
        (tmp_path / name / "keys.json").write_text("[" + ",".join(keys) + "]")
    app = Together({name: toy_.app for name, toy_ in made.items()})
    return toy.client(app, Authorization=f"Bearer {made['profile'].key}")


async def test_each_resource_goes_to_its_owner(client: httpx.AsyncClient) -> None:
    async with client:
        for service, resources in RESOURCES.items():
            for resource in set(resources) - {"schemas", "vocabulary", "asyncapi"}:
                response = await client.get(f"/v1/{resource}")
                assert (response.status_code, response.json()) == (200, service)
        for name, service in EVENTS.items():
            assert (await client.get(f"/v1/events/{name}")).json() == service


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_has_its_own_pages(client: httpx.AsyncClient, service: str) -> None:
    async with client:
        docs = await client.get(f"/{service}/docs")
        assert docs.status_code == 200
        assert "'openapi.json'" in docs.text  # relative, so that it works under any prefix
        assert "https://" not in docs.text
        for file in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
            assert f"docs/{file}" in docs.text
            assert (await client.get(f"/{service}/docs/{file}")).status_code == 200
        document = (await client.get(f"/{service}/openapi.json")).json()
        assert document["info"]["title"] == f"Careledger {service}"
        assert document["servers"] == [{"url": "/"}]
        for page in ("healthz", "readyz", "metrics"):
            assert (await client.get(f"/{service}/{page}")).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/no", "/profile/v1/customers", "/profile", "/profile/docs/x", "/x/docs"])
async def test_what_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    async with client:
        response = await client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/unknown", "/v1/events", "/v1/events/scoring", "/v1/schemas/inbound/x/1"]
)
async def test_unknown_under_v1_needs_a_key_first(client: httpx.AsyncClient, path: str) -> None:
    async with client:
        assert (await client.get(path)).status_code == 404
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 401


async def test_the_front_page_links_the_docs(client: httpx.AsyncClient) -> None:
    async with client:
        response = await client.get("/")
    assert response.headers["content-type"].startswith("text/html")
    assert all(f'href="/{name}/docs"' in response.text for name in SERVICES)


async def test_shared_reference_pages_are_answered(client: httpx.AsyncClient) -> None:
    async with client:
        for path in ("/v1/vocabulary", "/v1/asyncapi", "/v1/schemas/events/careledger.care.delivered/1"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/v1/schemas/inbound/careledger.customer.purchased/1")).status_code == 200


def test_the_index_finds_what_the_router_finds(tmp_path: Path) -> None:
    app = toy.make(tmp_path).app
    assert isinstance(app.router.middleware_stack, Index)
    index = app.router.middleware_stack
    built = index._build()
    for route in app.routes:
        if isinstance(route, APIRoute):
            path = route.path.replace("{customer}", toy.CUSTOMER).replace("{type}", "t").replace("{version}", "1")
            for method in route.methods or ():
                found = index._candidates(built, {"path": path, "method": method})
                assert route in found, path
    assert ("POST", "/v1/customers/{customer}/purchases") in route_table([app])
