"""The write path: outcomes as responses, the first answer again, versions, positions."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from libs.events.units import Position
from tests.libs.web import toy

PATH = f"/v1/customers/{toy.CUSTOMER}/purchases"


def body(order: str = "o-1", **more: Any) -> dict[str, Any]:
    return {"order": order, "amount": {"amount": "12.50", "currency": "USD"}, **more}


async def buy(service: toy.Toy, sent: dict[str, Any], key: str = "", path: str = PATH) -> httpx.Response:
    async with service.client() as client:
        return await client.post(path, json=sent, headers={"Idempotency-Key": key} if key else {})


async def test_new_is_201_with_position_and_version(service: toy.Toy) -> None:
    response = await buy(service, body())
    assert response.status_code == 201
    assert response.headers["etag"] == '"1"'
    assert Position.parse(response.headers["event-position"]) == Position("profile", toy.CUSTOMER, 1)


async def test_already_is_200_with_the_first_position(service: toy.Toy) -> None:
    first = await buy(service, body())
    await buy(service, body("o-2"))
    again = await buy(service, body())
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["event-position"] == first.headers["event-position"]


async def test_the_same_key_and_body_hear_the_first_answer_again(service: toy.Toy) -> None:
    first = await buy(service, body(), "k")
    again = await buy(service, body(), "k")
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("etag", "event-position"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_the_same_key_with_another_body_is_422(service: toy.Toy) -> None:
    await buy(service, body(), "k")
    response = await buy(service, body("o-2"), "k")
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_is_for_one_path(service: toy.Toy) -> None:
    other = toy.CUSTOMER.replace("0d1b4c3e", "ffffffff")
    await buy(service, body(), "k")
    response = await buy(service, body("o-2"), "k", f"/v1/customers/{other}/purchases")
    assert response.status_code == 201


async def test_refusals_are_not_remembered(service: toy.Toy) -> None:
    service.store.erased.add(toy.CUSTOMER)
    assert (await buy(service, body(), "k")).status_code == 410
    service.store.erased.clear()
    assert (await buy(service, body(), "k")).status_code == 201


async def test_while_the_first_is_in_flight_the_second_is_409(service: toy.Toy) -> None:
    service.store.pause = asyncio.Event()
    first = asyncio.create_task(buy(service, body(), "k"))
    await asyncio.sleep(0.02)
    second = await buy(service, body(), "k")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
    service.store.pause.set()
    assert (await first).status_code == 201
    assert (await buy(service, body(), "k")).headers["idempotent-replayed"] == "true"


async def test_a_key_is_free_again_after_a_failure(service: toy.Toy) -> None:
    assert (await buy(service, body("broken"), "k")).status_code == 500
    assert (await buy(service, body(), "k")).status_code == 201


@pytest.mark.parametrize("key", ["x" * 256, " ", "é", "a\tb", ""])
async def test_malformed_keys_are_422(service: toy.Toy, key: str) -> None:
    async with service.client() as client:
        response = await client.post(PATH, json=body(), headers=[(b"Idempotency-Key", key.encode())])
    assert response.status_code == 422
    assert response.json()["invalid_params"][0]["pointer"] == "/Idempotency-Key"


@pytest.mark.parametrize("key", ["x" * 255, "a b", '"quoted"', "~!"])
async def test_well_formed_keys_are_taken(service: toy.Toy, key: str) -> None:
    assert (await buy(service, body(), key)).status_code == 201


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [("refused", 409, "out_of_order"), ("absent", 404, "no_such_thing"), ("unavailable", 503, "unavailable"),
     ("broken", 500, "internal_error")],
)  # fmt: skip
async def test_refusals_and_failures_as_problems(service: toy.Toy, order: str, status: int, code: str) -> None:
    response = await buy(service, body(order))
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "SECRET" not in response.text
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_refusal_carries_what_is_possible(service: toy.Toy) -> None:
    problem = (await buy(service, body("refused"))).json()
    assert (problem["state"], problem["possible"]) == ("spotted", ["correction"])


async def test_what_is_erased_says_no_more(service: toy.Toy) -> None:
    service.store.erased.add(toy.CUSTOMER)
    response = await buy(service, body())
    assert response.status_code == 410
    assert "anew" not in response.json()


async def patch(service: toy.Toy, if_match: str | None) -> httpx.Response:
    headers = {"Content-Type": "application/merge-patch+json"}
    if if_match is not None:
        headers["If-Match"] = if_match
    async with service.client() as client:
        return await client.patch(f"/v1/customers/{toy.CUSTOMER}", content=json.dumps(body("o-9")), headers=headers)


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "*", '"7", "1"', '"x","1"'])
async def test_a_change_for_the_present_version(service: toy.Toy, if_match: str) -> None:
    await buy(service, body())
    response = await patch(service, if_match)
    assert (response.status_code, response.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(("if_match", "sent"), [('"7"', 7), ('"7", "8"', [7, 8]), ('"x"', None), ('"01"', None)])
async def test_a_change_for_another_version_is_412(service: toy.Toy, if_match: str, sent: Any) -> None:
    await buy(service, body())
    response = await patch(service, if_match)
    problem = response.json()
    assert (response.status_code, problem["current"], problem["expected"], problem["sent"]) == (412, 1, 1, sent)


async def test_a_change_without_a_version_is_428(service: toy.Toy) -> None:
    assert (await patch(service, None)).status_code == 428


@pytest.mark.parametrize("if_match", ["", "1", '"1', '"1" "2"', 'w/"1"'])
async def test_a_malformed_version_is_422(service: toy.Toy, if_match: str) -> None:
    assert (await patch(service, if_match)).status_code == 422


async def test_reading_waits_for_a_position(service: toy.Toy) -> None:
    position = (await buy(service, body())).headers["event-position"]
    async with service.client() as client:
        path = f"/v1/customers/{toy.CUSTOMER}"
        assert (await client.get(path, params={"after": position})).status_code == 200
        service.progress.reached = False
        late = await client.get(path, params={"after": position})
        assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (503, "not_caught_up", "1")
        strange = Position("elsewhere", toy.CUSTOMER, 1).token()
        for malformed in ("x", "", "!!!", "é", position[:-5], strange, "a" * 2000):
            assert (await client.get(path, params={"after": malformed})).status_code == 422
