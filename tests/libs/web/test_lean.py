"""Requests that need nothing but a path and a query are answered like any other, only sooner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from hypothesis import example, given
from hypothesis import strategies as st

from libs.web.answers import Answered, answer
from libs.web.lean import Lean, lean
from libs.web.paths import CustomerId
from libs.web.positions import After
from libs.web.times import From
from tests.libs.web import toy

Told = tuple[int, Any]
Ask = Callable[[str], list[Told]]
ROUTES = APIRouter()
UPPER = toy.CUSTOMER.upper()


@ROUTES.get("/v1/plain/{customer}/{number}", response_model=None)
async def plain(
    number: int, customer: CustomerId, request: Request, limit: Annotated[int, Query(ge=1)] = 5, since: From = None,
    after: After = None,
) -> Answered:  # fmt: skip
    return answer([customer, number, limit, since, after, request.url.path])


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


@ROUTES.get("/v1/several/{number}", response_model=None)
async def several(number: int, name: Annotated[list[str] | None, Query()] = None) -> Answered:
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


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """What is answered at a path, and what FastAPI would answer there by itself."""
    ours = toy.make(tmp_path_factory.mktemp("ours"), extra=[ROUTES])
    with pytest.MonkeyPatch.context() as usual:
        usual.setattr("libs.web.app.lean", lambda route: None)
        fastapis = toy.make(tmp_path_factory.mktemp("fastapis"), extra=[copied()])

    async def both(path: str) -> list[Told]:
        found = []
        for service in (ours, fastapis):
            async with service.client(**{"X-Request-Id": "the-same-request"}) as client:
                answered = await client.get(path)
                found.append((answered.status_code, answered.json()))
        return found

    with asyncio.Runner() as runner:
        yield lambda path: runner.run(both(path))


def copied() -> APIRouter:
    """The same routes once more, as FastAPI made them."""
    router = APIRouter()
    router.add_api_route("/v1/plain/{customer}/{number}", plain, response_model=None)
    return router


def test_a_path_and_a_query_are_read_as_ever(asked: Ask) -> None:
    path, moment = f"/v1/plain/{UPPER}/7", "2026-03-01T00:00:00"
    assert asked(path) == [(200, [toy.CUSTOMER, 7, 5, None, None, path])] * 2
    told = [(200, [toy.CUSTOMER, 7, 9, f"{moment}Z", "x", path])] * 2
    assert asked(f"{path}?limit=9&from=2026-03-01&after=x") == told


def test_a_path_is_refused_as_ever(asked: Ask) -> None:
    ours, fastapis = asked("/v1/plain/nobody/x?limit=0")
    assert ours == fastapis
    pointers = sorted(param["pointer"] for param in ours[1]["invalid_params"])
    assert (ours[0], pointers) == (422, ["/customer", "/limit", "/number"])


PIECES = [
    "limit",
    "from",
    "after",
    "since",
    "=",
    "&",
    ";",
    "+",
    "%2B",
    "%20",
    "%FF",
    "%c3%a9",
    "0",
    "9",
    "2026-03-01",
    "T",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
@example("limit=9&limit=1")
@example("limit=&from=&after=")
@example("limit=%209")
def test_whatever_is_asked_is_understood_as_ever(asked: Ask, query: str) -> None:
    ours, fastapis = asked(f"/v1/plain/{UPPER}/7?{query}")
    assert ours == fastapis


async def test_refusals_of_an_endpoint_are_told_as_ever(tmp_path: Path) -> None:
    service = toy.make(tmp_path)
    async with service.client() as client:
        missing: httpx.Response = await client.get(f"/v1/customers/{toy.CUSTOMER}")
        failing = await client.get("/v1/failing")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_customer")
    assert (failing.status_code, failing.json()["code"]) == (500, "internal_error")
    assert "SECRET" not in failing.text
