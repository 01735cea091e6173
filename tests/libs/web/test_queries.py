"""A query parameter that is not known, or given twice, is refused; nothing of it is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from libs.runtime.services import SERVICES, definition
from libs.web.answers import Answered, answer
from tests.libs.web import toy

SECRET = "SeCrEt-4711"


@pytest.fixture
def listing(tmp_path: Path) -> toy.Toy:
    router = APIRouter()

    @router.get("/v1/things")
    async def things(stage: str | None = None, tag: Annotated[list[str], Query()] = []) -> Answered:  # noqa: B006
        return answer({"stage": stage, "tag": tag})

    @router.post("/v1/things")
    async def make() -> Answered:
        return answer({})

    return toy.make(tmp_path, extra=[router])


@pytest.mark.parametrize("query", ["", "?", "?stage=a", "?stage=", "?tag=a&tag=b&stage=x", "?&stage=x&", "?st%61ge=x"])
async def test_what_is_declared_is_taken(listing: toy.Toy, query: str) -> None:
    async with listing.client() as client:
        assert (await client.get(f"/v1/things{query}")).status_code == 200


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"stag={SECRET}", [("", "unknown_parameter")]),
        (SECRET, [("", "unknown_parameter")]),
        (f"={SECRET}", [("", "unknown_parameter")]),
        (f"Stage={SECRET}", [("", "unknown_parameter")]),
        (f"tag[]={SECRET}", [("", "unknown_parameter")]),
        (f"stage={SECRET}&stage={SECRET}", [("/stage", "repeated")]),
        (f"stage=a&st%61ge={SECRET}&{SECRET}=1&%ff=1", [("/stage", "repeated"), ("", "unknown_parameter")]),
    ],
)
async def test_what_is_not_is_refused(listing: toy.Toy, query: str, told: list[tuple[str, str]]) -> None:
    async with listing.client() as client:
        response = await client.get(f"/v1/things?{query}")
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid")
    assert [(p["pointer"], p["code"]) for p in problem["invalid_params"]] == told
    assert {p["in"] for p in problem["invalid_params"]} == {"query"}
    assert SECRET not in response.text
    unknown = [p["message"] for p in problem["invalid_params"] if p["code"] == "unknown_parameter"]
    assert all("stage, tag" in message for message in unknown), "what there is may be told"


async def test_a_key_is_asked_for_first_and_writes_are_strict_too(listing: toy.Toy) -> None:
    async with toy.client(listing.app) as nobody:
        assert (await nobody.get("/v1/things?x=1")).status_code == 401
    async with listing.client() as client:
        assert (await client.post("/v1/things?dry_run=1")).status_code == 422
        assert (await client.get("/v1/vocabulary?x=1")).status_code == 422


async def test_probes_may_add_what_they_like(listing: toy.Toy) -> None:
    async with listing.client() as client:
        for page in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
            assert (await client.get(f"{page}?ts=1")).status_code == 200, page


@pytest.mark.parametrize("service", SERVICES)
def test_every_read_of_every_service_takes_after(service: str, tmp_path: Path) -> None:
    made = toy.make(tmp_path, definition("profile"))  # for its platform: routes are only looked at
    found: dict[str, Any] = {}
    for router in definition(service).routers(made.platform):
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                found[route.path] = {field.alias for field in flat(route)}
    assert found
    assert {path for path, names in found.items() if "after" not in names} == set()


def flat(route: APIRoute) -> list[Any]:
    from fastapi.dependencies.utils import get_flat_params

    return get_flat_params(route.dependant)
