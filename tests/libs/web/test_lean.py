"""Requests that ask for nothing but a path are answered like any other, only sooner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute

from libs.web.answers import Answered, answer
from libs.web.lean import Lean, lean
from libs.web.paths import CustomerId
from tests.libs.web import toy

ROUTES = APIRouter()
UPPER = toy.CUSTOMER.upper()


@ROUTES.get("/v1/plain/{customer}/{number}", response_model=None)
async def plain(
    number: int, customer: CustomerId, request: Request, limit: Annotated[int, Query(ge=1)] = 5
) -> Answered:
    return answer([customer, number, limit, request.url.path])


@ROUTES.get("/v1/asks/{number}", response_model=None)
async def asks(number: int, limit: int) -> Answered:
    return answer(limit)


@ROUTES.get("/v1/shapes/{number}")
async def shapes(number: int) -> dict[str, int]:
    return {"number": number}


@ROUTES.get("/v1/heads/{number}", response_model=None)
async def heads(number: int, who: Annotated[str, Header()]) -> Answered:
    return answer(who)


@ROUTES.get("/v1/depends/{number}", response_model=None)
async def depends(number: int, twice: Annotated[int, Depends(lambda number: 2 * int(number))]) -> Answered:
    return answer(twice)


@ROUTES.get("/v1/many/{number}", response_model=None)
async def many(number: int, name: Annotated[list[str], Query()] = []) -> Answered:  # noqa: B006
    return answer(name)


@ROUTES.get("/v1/here/{number}", response_model=None)
def here(number: int) -> Answered:
    return answer(number)


@ROUTES.get("/v1/alters/{number}", response_model=None)
async def alters(number: int, response: Response) -> Answered:
    return answer(number)


def known() -> dict[str, APIRoute]:
    return {r.name: r for r in ROUTES.routes if isinstance(r, APIRoute)}


def test_only_what_needs_no_more_than_its_path_is_lean() -> None:
    made = APIRouter()
    for name, route in known().items():
        made.add_api_route(f"/{name}{route.path}", route.endpoint, response_model=None)
    routes = [route for route in made.routes if isinstance(route, APIRoute)]
    for route in routes:
        lean(route)
    assert [route.name for route in routes if isinstance(route.app, Lean)] == ["plain"]


async def asked(folder: Path, *paths: str) -> list[tuple[int, Any]]:
    app = toy.make(folder, extra=[ROUTES])
    async with app.client() as client:
        return [(r.status_code, r.json()) for r in [await client.get(path) for path in paths]]


async def test_a_path_is_read_as_ever(tmp_path: Path) -> None:
    path = f"/v1/plain/{UPPER}/7"
    assert await asked(tmp_path, path) == [(200, [toy.CUSTOMER, 7, 5, path])]


async def test_a_query_is_read_as_ever(tmp_path: Path) -> None:
    path = f"/v1/plain/{UPPER}/7"
    good, bad = await asked(tmp_path, f"{path}?limit=9", f"{path}?limit=0")
    assert good == (200, [toy.CUSTOMER, 7, 9, path])
    assert (bad[0], bad[1]["invalid_params"][0]["pointer"]) == (422, "/limit")


async def test_a_path_is_refused_as_ever(tmp_path: Path) -> None:
    [(status, told)] = await asked(tmp_path, "/v1/plain/nobody/x")
    assert (status, told["code"]) == (422, "invalid")
    assert sorted((p["in"], p["pointer"]) for p in told["invalid_params"]) == [
        ("path", "/customer"),
        ("path", "/number"),
    ]


async def test_refusals_of_an_endpoint_are_told_as_ever(tmp_path: Path) -> None:
    service = toy.make(tmp_path)
    async with service.client() as client:
        missing: httpx.Response = await client.get(f"/v1/customers/{toy.CUSTOMER}")
        failing = await client.get("/v1/failing")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_customer")
    assert (failing.status_code, failing.json()["code"]) == (500, "internal_error")
    assert "SECRET" not in failing.text
