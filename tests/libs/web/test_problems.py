"""Whatever goes wrong is told as a problem, and repeats nothing."""

import logging
from typing import Any

import pytest
import structlog
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from structlog.testing import capture_logs

from libs.web.invalid import body_problems, pointer
from libs.web.logs import _Lines, set_up
from libs.web.problems import Problem, respond
from tests.libs.web import toy

MARKER = "SeCrEt-4711"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", f"/v1/{MARKER}", 404, "not_found"),
        ("DELETE", f"/v1/customers/{toy.CUSTOMER}", 405, "method_not_allowed"),
        ("GET", f"/v1/customers/{MARKER}", 422, "invalid"),
        ("GET", f"/v1/customers/pos:{MARKER}", 422, "invalid"),
        ("GET", f"/v1/customers/{toy.CUSTOMER}", 404, "unknown_customer"),
        ("GET", f"/v1/customers/{toy.CUSTOMER}/", 404, "not_found"),
        ("GET", f"/v1/customers/{toy.CUSTOMER}?as_of={MARKER}", 422, "invalid"),
        ("GET", f"/v1/customers/{toy.CUSTOMER}?as_of=%00{MARKER}", 422, "nul_character"),
        ("GET", f"/v1/failing?size={MARKER}", 422, "invalid"),
        ("GET", "/v1/failing", 500, "internal_error"),
        ("GET", f"/v1/failing?x={MARKER}", 422, "invalid"),
        ("BREW", f"/v1/customers/{toy.CUSTOMER}", 405, "method_not_allowed"),
    ],
)
async def test_every_refusal_is_a_problem(service: toy.Toy, method: str, path: str, status: int, code: str) -> None:
    async with service.client() as client:
        response = await client.request(method, path)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert MARKER not in response.text
    assert {"type", "title", "detail"} <= problem.keys()


async def test_every_method_of_an_address_is_told(service: toy.Toy) -> None:
    async with service.client() as client:
        response = await client.delete(f"/v1/customers/{toy.CUSTOMER}")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"


async def test_parameters_are_named_with_their_place(service: toy.Toy) -> None:
    async with service.client() as client:
        problem = (await client.get("/v1/failing?size=0")).json()
        other = (await client.get(f"/v1/customers/{MARKER}?as_of=x")).json()
    assert problem["invalid_params"] == [
        {"pointer": "/size", "code": "out_of_range", "message": "must be at least 1", "in": "query"}
    ]
    assert {(p["pointer"], p["code"], p["in"]) for p in other["invalid_params"]} == {
        ("/customer", "bad_id", "path"), ("/as_of", "bad_moment", "query"),
    }  # fmt: skip


async def test_a_failure_is_logged_by_type_and_template_only(service: toy.Toy) -> None:
    with capture_logs() as lines:
        async with service.client() as client:
            response = await client.post(
                f"/v1/customers/{toy.CUSTOMER}/purchases",
                json={"order": "broken", "amount": {"amount": "1", "currency": "USD"}},
            )
    (line,) = lines
    assert line["failure"].startswith("builtins.RuntimeError at toy.py:")
    assert line["route"] == "/v1/customers/{customer}/purchases"
    assert (line["log_level"], line["status"], line["caller"]) == ("error", 500, "profile")
    assert line["request_id"] == response.headers["x-request-id"]
    assert "SECRET" not in str(line)
    assert toy.CUSTOMER not in str(line)


def test_libraries_log_no_exception_text(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(MARKER)
    except ValueError:
        logging.getLogger("some.library").exception("it failed: %s", MARKER)
    line = _Lines().format(caplog.records[0])
    assert MARKER not in line
    assert "ValueError" in line


def test_logging_can_be_set_up() -> None:
    before = logging.getLogger().handlers[:]
    try:
        set_up("WARNING")
        assert structlog.is_configured()
        assert logging.getLogger("uvicorn.access").disabled
    finally:
        logging.getLogger().handlers[:] = before
        structlog.reset_defaults()
        logging.getLogger("uvicorn.access").disabled = False


def test_extension_members_never_replace_the_problem() -> None:
    members = Problem(409, "c", "d", extra={"status": 200, "code": "x", "state": "open"}).members("id")
    assert (members["status"], members["code"], members["state"]) == (409, "c", "open")
    assert respond(Problem(409, "c", "d", extra={"state": object()}), "id").status_code == 409


class Inner(BaseModel):
    name: str = Field(alias="Name")


class Outer(BaseModel):
    inner: Inner | None = None
    pair: tuple[int, Inner] | None = None
    many: dict[str, list[Inner]] = Field(default_factory=dict)
    text: str = "x"

    @field_validator("text")
    @classmethod
    def _no(cls, text: str) -> str:
        if text == "custom":
            raise PydanticCustomError("bad_text", "this text is not wanted")
        if text == "told":
            raise PydanticCustomError("bad_text", "not {value}", {"value": text})
        if text != "x":
            raise ValueError(f"{text} is not x")
        return text


def told(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    params = body_problems(Outer, caught.value)
    assert MARKER not in str(params)
    return [(p["pointer"], p["code"]) for p in params]


def test_pointers_and_words() -> None:
    assert told({"inner": {}}) == [("/inner/Name", "required")]
    assert told({"pair": [1, {"Name": 2}]}) == [("/pair/1/Name", "wrong_type")]
    assert told({"many": {MARKER: [{"Name": 1}]}}) == [("/many", "wrong_type")]
    assert told({"text": MARKER}) == [("/text", "invalid_value")]
    assert told({"text": "custom"}) == [("/text", "bad_text")]
    assert told({"text": "told"}) == [("/text", "invalid_value")]
    assert pointer(Outer, ("inner", MARKER)) == "/inner"
    assert pointer(Outer, (MARKER, "inner")) == ""
    assert pointer(Outer, ()) == ""
