"""Posts batches of events, and reads the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import httpx
import orjson

from libs.cli.address import Address
from libs.cli.sending.retrying import GaveUp, Retrying
from libs.cli.sending.verdicts import Verdict, refusal

MOST_EVENTS = 1000
MOST_BYTES = 4_000_000
"""Of one body; the services take 5 MB."""
REFUSED = (400, 413, 422)
"""What is said of a body as a whole."""
BATCH = "application/cloudevents-batch+json"


class NotServed(Exception):
    """The server does not do what is asked of it, whatever the events are; says why."""


class Sender:
    """Sends events to one server. Use as an asynchronous context."""

    def __init__(self, address: Address, *, dry_run: bool = False, retrying: Retrying | None = None) -> None:
        self._dry_run, self.retrying = dry_run, retrying or Retrying()
        headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
        self.client = httpx.AsyncClient(base_url=address.url, headers=headers, timeout=httpx.Timeout(60, connect=5))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def greet(self) -> None:
        """Makes sure that somebody answers who takes our key. Raises `NotServed`."""
        try:
            # looks up an event that nobody sent
            answer = await self.client.get("/v1/events/customers", params={"source": "/hello", "id": "hello"})
        except httpx.HTTPError as error:
            raise NotServed(f"no server answers there ({type(error).__name__}); `careledger run` starts one") from None
        _known(answer)

    async def send(self, door: str, events: Sequence[bytes]) -> list[Verdict]:
        """Sends JSON-encoded CloudEvents to `/v1/events/<door>`; a verdict for each, in order.

        Safe to repeat, since each is recognised by its source and id. Raises `GaveUp` or `NotServed`.
        """
        body = b"[" + b",".join(events) + b"]"
        answer = await self.post(f"/v1/events/{door}", body, BATCH)
        if answer.status_code in REFUSED:
            if len(events) == 1:
                return [refusal(orjson.loads(answer.content))]
            # one event spoils the whole body: halving finds it, and lets the others through
            middle = len(events) // 2
            return await self.send(door, events[:middle]) + await self.send(door, events[middle:])
        if answer.status_code != 200:
            raise NotServed(_reason(answer))
        results = sorted(orjson.loads(answer.content)["results"], key=lambda r: int(r["index"]))
        if len(results) != len(events):
            raise NotServed("the server did not answer for every event")
        return [Verdict.read(r) for r in results]

    async def post(self, path: str, body: bytes, media_type: str, key: str = "") -> httpx.Response:
        """The certain answer to a POST that is safe to repeat (`key`: its Idempotency-Key). Raises `GaveUp`, and
        `NotServed` where our key is not taken."""
        headers = {"Content-Type": media_type} | ({"Idempotency-Key": key} if key else {})
        params = {"dry_run": "true"} if self._dry_run else None

        async def call() -> httpx.Response:
            return await self.client.post(path, content=body, headers=headers, params=params)

        return _known(await self.retrying(call))

    async def get(self, path: str, **params: Any) -> Any:
        """The decoded answer to a GET. Raises `GaveUp` or `NotServed`."""
        answer = await self.retrying(lambda: self.client.get(path, params=params))
        if answer.status_code != 200:
            raise NotServed(_reason(_known(answer)))
        return orjson.loads(answer.content)


def _known(answer: httpx.Response) -> httpx.Response:
    if answer.status_code == 401:
        raise NotServed("the server does not know this key: give --key or CARELEDGER_KEY (`careledger keys create`)")
    if answer.status_code == 403:
        raise NotServed("this key may not do that")
    return answer


def _reason(answer: httpx.Response) -> str:
    try:
        code = str(orjson.loads(answer.content)["code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        code = "it seems to be something else"
    return f"the server answered {answer.status_code} ({code})"


__all__ = ["BATCH", "MOST_BYTES", "MOST_EVENTS", "GaveUp", "NotServed", "Sender"]
