"""Says things to a product as one of its users would, and looks at what it answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tests.support.product import Product

T = TypeVar("T")
PATIENCE = 20.0
Json = dict[str, Any]


def until(what: str, probe: Callable[[], T | None], within: float = PATIENCE) -> T:
    """Asks again and again until the answer is truthy."""
    deadline = time.monotonic() + within
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(0.05)


def day(number: int, hour: int = 9) -> str:
    """A moment of the story's month."""
    return f"2026-03-{number:02d}T{hour:02d}:00:00Z"


def money(amount: str) -> Json:
    """An amount in dollars."""
    return {"amount": amount, "currency": "USD"}


@dataclass
class Teller:
    """One user. `tag` keeps the customers of this test apart from everybody else's."""

    product: Product
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:10])

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Any call. `key` is the idempotency key; `headers`, `params` and `content` are httpx's."""
        headers = dict(more.pop("headers", {}))
        if key := more.pop("key", ""):
            headers["Idempotency-Key"] = key
        if body is not None:
            more["json"] = body
        return self.product.client.request(method, path, headers=headers, **more)

    def post(self, path: str, body: Any, want: int = 201, **more: Any) -> httpx.Response:
        """A POST that is answered as wanted."""
        answer = self.call("POST", path, body, **more)
        assert answer.status_code == want, f"POST {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path: str, want: int = 200, **params: Any) -> Any:
        """What a GET answers."""
        answer = self.call("GET", path, params=params)
        assert answer.status_code == want, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, answer: httpx.Response, status: int, code: str = "") -> Json:
        """The problem that an answer tells, which must be one."""
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem: Json = answer.json()
        assert problem["status"] == status
        assert {"type", "title", "detail", "code"} <= problem.keys()
        assert problem["request_id"] == answer.headers["x-request-id"]
        if code:
            assert problem["code"] == code
        return problem

    def customer(self, which: str = "", **record: Any) -> str:
        """A customer of this test's own, known as `pos:<tag><which>`."""
        body = {"ref": self.ref(which), "kind": "external", **record}
        answer = self.call("POST", "/v1/customers/upsert", body)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    def field(self, key: str, kind: str) -> None:
        """A custom field that is declared, now or before."""
        body = {"key": key, "type": kind, "label": {"en": key}}
        answer = self.call("POST", "/v1/customers/fields", body)
        assert answer.status_code in (200, 201), answer.text

    def ref(self, which: str = "") -> str:
        """How the cash desk calls that customer."""
        return f"pos:{self.tag}{which}"

    def score(self, customer: str, **params: Any) -> Json:
        """The customer's score."""
        found: Json = self.get(f"/v1/scores/customers/{customer}", **params)
        return found

    def scored(self, customer: str, what: str, true: Callable[[Json], Any], **params: Any) -> Json:
        """The customer's score, once something is true of it (404 until scoring has heard of anybody)."""

        def probe() -> Json | None:
            answer = self.call("GET", f"/v1/scores/customers/{customer}", params=params)
            assert answer.status_code in (200, 404), answer.text
            return answer.json() if answer.status_code == 200 and true(answer.json()) else None

        return until(what, probe)

    def survey(self, **form: Any) -> str:
        """A survey with three questions on scales of five, or as `form` says."""
        keys = [("kept", "reliability"), ("quick", "responsiveness"), ("kind", "empathy")]
        body = {
            "name": "after care",
            "dimension_set": "rater",
            "asks": ["perception", "expectation"],
            "items": [item(key, dimension) for key, dimension in keys],
            **form,
        }
        return str(self.post("/v1/surveys", body).json()["id"])

    def answer(self, survey: str, customer: str | None, **answer: Any) -> httpx.Response:
        """An answer to a survey; anonymous without a customer."""
        who = {"customer": customer} if customer else {}
        return self.post(f"/v1/surveys/{survey}/answers", {**who, "items": [], **answer})

    def complaint(self, customer: str | None, **spotted: Any) -> str:
        """A complaint that was spotted."""
        who = {"customer": customer} if customer else {}
        body = {
            **who,
            "summary": "the kettle leaks",
            "severity": "serious",
            "spotted_by": {"role": "customer"},
            **spotted,
        }
        return str(self.post("/v1/complaints", body).json()["id"])

    def step(self, complaint: str, name: str, want: int = 201, **said: Any) -> Json:
        """A step of a complaint; what is not said is made up."""
        usual: dict[str, Json] = {
            "acknowledgement": {"by": "minh"},
            "assignment": {"owner": "minh"},
            "escalation": {"to": "hoa", "reason": "it is serious"},
            "correction": {"action": "new kettle", "agreed": True, "by": "minh"},
            "report": {"root_cause": "bad batch", "prevention": "batch withdrawn"},
            "reopening": {"reason": "leaks again"},
            "withdrawal": {"reason": "a mistake"},
        }
        answer = self.call("POST", f"/v1/complaints/{complaint}/{name}", {**usual[name], **said})
        assert answer.status_code == want, f"{name}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found


def item(key: str, dimension: str, lowest: float = 1, highest: float = 5, **more: Any) -> Json:
    """A question of a form."""
    return {
        "key": key,
        "dimension": dimension,
        "scale": {"lowest": lowest, "highest": highest},
        "text": {"en": key},
        **more,
    }


def rated(item: str, perception: float, expectation: float | None = None, importance: float | None = None) -> Json:
    """An answered question."""
    given = {"item": item, "perception": perception, "expectation": expectation, "importance": importance}
    return {name: value for name, value in given.items() if value is not None}
