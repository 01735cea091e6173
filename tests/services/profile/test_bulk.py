"""Many records or purchases in one call: a result for each, in order; all or none where that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.house import House

RECORDS, PURCHASES = "/v1/customers/bulk", "/v1/customers/purchases/bulk"


def bought(customer: str, order: str, amount: Any = "10.00", **more: Any) -> dict[str, Any]:
    return {"customer": customer, "order": order, "amount": {"amount": amount, "currency": "USD"}, **more}


def known(ref: str, **record: Any) -> dict[str, Any]:
    return {"ref": ref, "kind": "external", **record}


async def send(house: House, path: str, *items: Any, **more: Any) -> list[dict[str, Any]]:
    answer = await house.http.post(path, json={"items": list(items), **more})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [r["index"] for r in results] == list(range(len(items)))
    return results


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [r["status"] for r in results]


async def test_each_item_has_its_own_result(house: House) -> None:
    gone = (await send(house, RECORDS, known("pos:gone")))[0]["id"]
    await house.post(f"/v1/customers/{gone}/erasure", {"reason": "request"}, 202)
    results = await send(
        house, PURCHASES,
        bought("pos:1", "a"), bought("pos:1", "a"), bought("pos:2", "b", 10), {"order": "c"}, 7,
        bought("pos:1", "r", refund_of="a", at="2026-03-13T11:00:00Z"), bought("pos:1", "q", refund_of="never"),
        bought(gone, "d", at="2026-03-01T00:00:00Z"), bought("pos:1", "e", at="2027-01-01T00:00:00Z"),
    )  # fmt: skip
    assert statuses(results) == [
        "appended", "already", "invalid", "invalid", "invalid", "appended", "conflict", "erased", "invalid",
    ]  # fmt: skip
    assert results[0]["id"] == results[1]["id"] == results[5]["id"]
    assert results[1]["position"] == results[0]["position"]
    problems = {i: r["problem"] for i, r in enumerate(results) if "problem" in r}
    assert problems[2]["invalid_params"] == [
        {"pointer": "/amount/amount", "code": "bad_amount", "message": "must be a decimal as text, as in 12.50"}
    ]
    assert {p["pointer"] for p in problems[3]["invalid_params"]} == {"/customer", "/amount"}
    assert (problems[6]["status"], problems[6]["code"]) == (409, "not_yet")
    assert (problems[7]["status"], problems[7]["code"]) == (410, "erased")
    assert problems[8]["invalid_params"][0]["code"] == "in_future"
    assert "10" not in str(problems[2])


async def test_records_are_made_and_changed_and_sent_again(house: House) -> None:
    items = [known("pos:1", name="An"), known("pos:2", name="Bo"), known("pos:1", name="Ann")]
    first = await send(house, RECORDS, *items)
    assert statuses(first) == ["appended"] * 3
    assert first[0]["id"] == first[2]["id"]
    assert (await house.get(f"/v1/customers/{first[0]['id']}"))["name"] == "Ann"
    assert statuses(await send(house, RECORDS, items[1], items[2])) == ["already"] * 2
    assert statuses(await send(house, RECORDS, {"kind": "external"}, known("x y"))) == ["invalid"] * 2


@pytest.mark.parametrize("bad", [bought("pos:1", "r", "99.00", refund_of="a"), bought("pos:1", "x", -1), "x"])
async def test_all_or_none_is_none_where_one_is_refused(house: House, bad: Any) -> None:
    await send(house, PURCHASES, bought("pos:0", "old"))
    facts = len(await house.facts())
    items = [bought("pos:1", "a"), bought("pos:0", "old"), bad, bought("pos:2", "b")]
    results = await send(house, PURCHASES, *items, all_or_none=True)
    assert statuses(results)[0] == statuses(results)[3] == "conflict"
    assert results[0]["problem"]["code"] == "none_done"
    assert results[2]["problem"]["code"] in ("refund_exceeds_order", "invalid")
    assert len(await house.facts()) == facts, "nothing was appended"


async def test_all_or_none_is_all_where_none_is_refused(house: House) -> None:
    # a refund rests on an order that the same call brings
    items = [bought("pos:1", "a"), bought("pos:1", "r", "4.00", refund_of="a"), bought("pos:2", "b")]
    assert statuses(await send(house, PURCHASES, *items, all_or_none=True)) == ["appended"] * 3
    assert statuses(await send(house, PURCHASES, *items, all_or_none=True)) == ["already"] * 3
    more = [bought("pos:1", "r2", "7.00", refund_of="a"), bought("pos:3", "c")]
    assert statuses(await send(house, PURCHASES, *more, all_or_none=True)) == ["conflict"] * 2
    assert statuses(await send(house, PURCHASES, *more)) == ["conflict", "appended"]


async def test_who_comes_back_after_an_erasure_comes_back_with_all_others_or_not_at_all(house: House) -> None:
    (gone,) = await send(house, RECORDS, known("pos:1"))
    await house.post(f"/v1/customers/{gone['id']}/erasure", {"reason": "request"}, 202)
    house.clock.moment = house.clock.moment.replace(hour=13)
    results = await send(house, RECORDS, known("pos:1"), known("pos:2"), all_or_none=True)
    assert statuses(results) == ["appended", "appended"]
    assert results[0]["id"] != gone["id"]


async def test_a_key_is_answered_again_unless_none_was_done(house: House) -> None:
    async def keyed(key: str, *items: Any, **more: Any) -> Any:
        body = {"items": list(items), **more}
        return await house.http.post(PURCHASES, json=body, headers={"Idempotency-Key": key})

    first = await keyed("k", bought("pos:1", "a"), bought("pos:1", "b"))
    again = await keyed("k", bought("pos:1", "a"), bought("pos:1", "b"))
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert again.headers["event-position"] == first.headers["event-position"] == first.json()["results"][1]["position"]
    assert (await keyed("k", bought("pos:1", "a"))).status_code == 422
    refund = bought("pos:1", "r", "5.00", refund_of="late")
    none = await keyed("n", refund, all_or_none=True)
    assert none.json()["results"][0]["status"] == "conflict"
    await send(house, PURCHASES, bought("pos:1", "late"))
    assert (await keyed("n", refund, all_or_none=True)).json()["results"][0]["status"] == "appended"


async def test_a_thousand_are_the_most(house: House) -> None:
    results = await send(house, PURCHASES, *(bought(f"pos:{n % 50}", f"o{n}") for n in range(1000)), all_or_none=True)
    assert set(statuses(results)) == {"appended"}
    assert statuses(await send(house, PURCHASES)) == []
    too_many = {"items": [bought("pos:1", str(n)) for n in range(1001)]}
    await house.refused(PURCHASES, too_many, 422, "too_long", "/items")


async def test_an_item_that_is_not_strict_json_leaves_the_others_good(house: House) -> None:
    items = [
        '{"ref":"pos:1"}', '{"ref":"pos:2","name":"a\\u0000b"}', '{"ref":"pos:3","name":"a","name":"b"}',
        '{"ref":"pos:4","custom":{"a\\u0000":1}}', '{"ref":"pos:5","custom":{"n":9007199254740993}}',
        '{"ref":"pos:6","custom":{"n":NaN}}', '{"ref":"pos:7"}',
    ]  # fmt: skip
    body = f'{{"items":[{",".join(items)}]}}'.encode()
    answer = await house.http.post(RECORDS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert statuses(results) == ["appended", *["invalid"] * 5, "appended"]
    found = [r["problem"]["invalid_params"][0] for r in results[1:6]]
    assert [(p["pointer"], p["code"]) for p in found] == [
        ("/name", "nul_character"), ("", "duplicate_member"), ("/custom", "nul_character"), ("", "out_of_range"),
        ("", "not_finite"),
    ]  # fmt: skip


async def test_a_body_of_items_is_strict_itself(house: House) -> None:
    body = b'{"items":[{"ref":"pos:1"}],"items":[]}'
    answer = await house.http.post(RECORDS, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["invalid_params"][0]["code"]) == (422, "duplicate_member")
