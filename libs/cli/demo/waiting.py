"""Until the scores have heard of what was told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from libs.cli.demo.loading import AT_ONCE, JSON, Loaded
from libs.cli.demo.world import World
from libs.cli.sending.sender import NotServed, Sender

RESOLVED = 1000
EVERY = 20
"""Of customers who only bought, every so manieth is waited for: they lie on all partitions."""


async def ids_of(sender: Sender, references: Sequence[str]) -> dict[str, str]:
    """The ids of customers, by reference. Raises `NotServed` where one is not known."""
    found: dict[str, str] = {}
    for start in range(0, len(references), RESOLVED):
        body = orjson.dumps({"customers": references[start : start + RESOLVED]})
        answer = await sender.post("/v1/customers/resolve", body, JSON)
        items = orjson.loads(answer.content)["items"] if answer.status_code == 200 else [{}]
        if any("id" not in item for item in items):
            raise NotServed("a customer who was told of is not known")
        found |= {item["asked"]: item["id"] for item in items}
    return found


async def caught_up(sender: Sender, loaded: Loaded, world: World, anybody: str) -> None:
    """Waits until scoring has applied every answer and complaint, and a sample of all else. Raises `GaveUp`."""
    spoke = {a.whose for a in world.answers} | {c.whose for c in world.complaints.spotted}
    tokens = [
        token
        for nth, ((door, whose), token) in enumerate(loaded.positions.items())
        if door == "complaints" or whose in spoke or nth % EVERY == 0
    ]
    # whose score is read does not matter: `after` waits for the fact that it names
    await together([sender.get(f"/v1/scores/customers/{anybody}", after=token) for token in tokens])


async def scores_of(sender: Sender, ids: Iterable[str], as_of: str) -> list[dict[str, Any]]:
    """The scores of customers as of a moment."""
    return await together([sender.get(f"/v1/scores/customers/{i}", as_of=as_of) for i in ids])


async def together(calls: Sequence[Any]) -> list[Any]:
    """The answers to many calls, a few in flight."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(call: Any) -> Any:
        async with free:
            return await call

    return await asyncio.gather(*(one(call) for call in calls))
