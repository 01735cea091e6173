"""Events posted by plain HTTP, and what is told of them."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.stories.publisher import BATCH, STRUCTURED, event
from tests.stories.teller import Json, Teller, day, money


def post(tell: Teller, topic: str, events: Any, **more: Any) -> httpx.Response:
    kind = BATCH if isinstance(events, list) else STRUCTURED
    headers = {"Content-Type": kind, **more.pop("headers", {})}
    return tell.call("POST", f"/v1/events/{topic}", content=json.dumps(events), headers=headers, **more)


def results(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["results"]
    assert [r["index"] for r in found] == list(range(len(found)))
    return found


def status(tell: Teller, topic: str, id: str) -> Json:
    found: Json = tell.get(f"/v1/events/{topic}", source="/desk", id=id)
    return found


def bought(tell: Teller, id: str, **more: Any) -> Json:
    """A purchase as the cash desk publishes it."""
    said = {"order": id, "amount": money("10.00")}
    return event(f"{tell.tag} {id}", "customer.purchased", tell.ref(), day(1), said, **more)
