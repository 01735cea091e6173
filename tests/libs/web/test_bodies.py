"""Bodies are read strictly, and whatever is wrong with one is told without repeating any of it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.libs.web import toy

PATH = f"/v1/customers/{toy.CUSTOMER}/purchases"
GOOD: dict[str, Any] = {"order": "o-1", "amount": {"amount": "12.50", "currency": "USD"}}
MARKER = "SeCrEt-4711"


async def post(
    service: toy.Toy, content: Any, content_type: str | None = "application/json"
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": content_type} if content_type is not None else {}
    async with service.client() as client:
        response = await client.post(PATH, content=content, headers=headers)
    return response.status_code, response.json()


async def params(service: toy.Toy, body: dict[str, Any]) -> set[tuple[str, str]]:
    status, problem = await post(service, json.dumps(body))
    assert status == 422
    return {(p["pointer"], p["code"]) for p in problem["invalid_params"]}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"', "application/x+json"],
)
async def test_takes_json(service: toy.Toy, content_type: str) -> None:
    assert (await post(service, json.dumps(GOOD), content_type))[0] == 201


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp",
     "application/json; charset=latin-1", None, ""],
)
async def test_other_content_types_are_415(service: toy.Toy, content_type: str | None) -> None:
    status, problem = await post(service, json.dumps(GOOD).encode(), content_type)
    assert (status, problem["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{'order': 1}", b"[" * 100_000, b'{"custom":' * 5000 + b"1" + b"}" * 5000, b'{"order":"\xff"}',
        b'\xff\xfe{\x00}\x00', b'{"order":"\\ud800"',
    ],
)  # fmt: skip
async def test_what_is_no_json_is_400(service: toy.Toy, body: bytes) -> None:
    status, problem = await post(service, body)
    assert (status, problem["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"order":"\\ud800"}', "bad_unicode"),
        (b'{"order":"a\\udc00b"}', "bad_unicode"),
        (b'{"\\ud800":1}', "bad_unicode"),
        (b'{"order":' + b"9" * 5000 + b"}", "out_of_range"),
        (b'{"custom":{"a":NaN}}', None),
        (b"null", "wrong_type"),
        (b'"text"', "wrong_type"),
    ],
)  # fmt: skip
async def test_json_of_another_form_is_422(service: toy.Toy, body: bytes, code: str | None) -> None:
    status, problem = await post(service, body)
    assert (status, problem["code"]) == (422, "invalid")
    assert code is None or code in {p["code"] for p in problem["invalid_params"]}


@pytest.mark.parametrize(
    ("custom", "code"),
    [
        ('{"a":1,"a":2}', "duplicate_member"),
        ('{"a":NaN}', "not_finite"),
        ('{"a":-Infinity}', "not_finite"),
        ('{"a":1e999}', "not_finite"),
        ('{"a":9007199254740992}', "out_of_range"),
        ('{"a":' + "9" * 4000 + "}", "out_of_range"),
        ('{"a":"\\u0000"}', "nul_character"),
        ('{"\\u0000":1}', "nul_character"),
    ],
)
async def test_what_free_members_may_not_hold(service: toy.Toy, custom: str, code: str) -> None:
    body = json.dumps(GOOD)[:-1] + ', "custom": ' + custom + "}"
    status, problem = await post(service, body)
    assert status == 422
    assert [p["code"] for p in problem["invalid_params"]] == [code]


async def test_the_largest_numbers_and_an_escaped_backslash_are_taken(service: toy.Toy) -> None:
    custom = {"a": 2**53 - 1, "b": -(2**53 - 1), "c": 1.5e300, "d": "\\u0000", "e": "😀"}
    assert (await post(service, json.dumps({**GOOD, "custom": custom})))[0] == 201


async def test_pointers_are_made_of_known_names_and_indexes(service: toy.Toy) -> None:
    assert await params(service, {**GOOD, MARKER: 1}) == {("", "unknown_member")}
    assert await params(service, {**GOOD, "amount": {**GOOD["amount"], MARKER: 1}}) == {("/amount", "unknown_member")}
    assert await params(service, {**GOOD, "labels": {MARKER: 1}}) == {("/labels", "wrong_type")}
    lines = [GOOD["amount"], {"amount": "1"}]
    assert await params(service, {**GOOD, "lines": lines}) == {("/lines/1/currency", "required")}
    for paid, told in [
        ({"kind": MARKER}, ("/paid", "bad_format")),
        ({"kind": "card", "number": MARKER}, ("/paid/number", "bad_format")),
        ({"kind": "cash", "notes": ["x"]}, ("/paid/notes/0", "wrong_type")),
    ]:
        assert await params(service, {**GOOD, "paid": paid}) == {told}
    assert ("/either/0/currency", "required") in await params(service, {**GOOD, "either": [{"amount": "1"}]})
    assert await params(service, {"order": "o", "amount": {"amount": "-1", "currency": "usd"}}) == {
        ("/amount/amount", "out_of_range"), ("/amount/currency", "bad_format"),
    }  # fmt: skip


async def test_a_moment_too_far_ahead_is_told_at_its_place(service: toy.Toy) -> None:
    assert await params(service, {**GOOD, "at": "2026-03-13T00:06:00Z"}) == {("/at", "in_future")}
    assert await params(service, {**GOOD, "at": "2026-03-13T00:00:00"}) == {("/at", "bad_moment")}


async def test_a_body_with_very_many_errors_is_refused_in_few_words(service: toy.Toy) -> None:
    status, problem = await post(service, json.dumps({**GOOD, **{f"{MARKER}{i}": 1 for i in range(50_000)}}))
    assert status == 422
    assert len(problem["invalid_params"]) == 1


async def test_a_large_body_is_413_before_it_is_read(service: toy.Toy) -> None:
    assert (await post(service, b" " * 5_000_001))[0] == 413


async def test_a_large_body_without_a_length_is_read_no_further_than_needed(service: toy.Toy) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 1_000_000

    async with service.client() as client:
        response = await client.post(PATH, content=chunks(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.headers["connection"] == "close"
    assert sent < 10


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just(MARKER),
    lambda below: st.lists(below, max_size=4)
    | st.dictionaries(
        st.sampled_from(["order", "amount", "currency", "paid", "kind", "number", "notes", "labels", "custom", "at"])
        | st.text()
        | st.just(MARKER),
        below,
        max_size=5,
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values)
async def test_no_json_makes_a_500_or_is_echoed(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    service = _shared(tmp_path_factory)
    async with service.client() as client:
        response = await client.post(PATH, content=json.dumps(value), headers={"Content-Type": "application/json"})
    assert response.status_code in (200, 201, 400, 422)
    if response.status_code == 422:
        assert MARKER not in response.text
        assert response.headers["content-type"] == "application/problem+json"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f'{{"order":"{text}'.encode()))
async def test_no_bytes_make_a_500(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    async with _shared(tmp_path_factory).client() as client:
        response = await client.post(PATH, content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code in (200, 201, 400, 422)


_kept: list[toy.Toy] = []


def _shared(factory: pytest.TempPathFactory) -> toy.Toy:
    if not _kept:
        _kept.append(toy.make(Path(factory.mktemp("toy"))))
    return _kept[0]
