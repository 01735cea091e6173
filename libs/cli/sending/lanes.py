"""Several batches in flight at once, and yet every customer's events in the order they came.

What belongs to one customer goes down one lane, and a lane sends one batch at a time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from libs.cli.sending.sender import MOST_BYTES, MOST_EVENTS, Sender
from libs.cli.sending.verdicts import Verdict

T = TypeVar("T")
LANES = 4
WAITING = 1
"""Full batches that wait in a lane: the reader stands still rather than fill memory."""


@dataclass(frozen=True, slots=True)
class Parcel(Generic[T]):
    """One encoded event on its way: the door it goes to, whose it is, and what the sender knows it by."""

    door: str
    whose: str
    body: bytes
    known_as: T


@dataclass(slots=True)
class _Batch(Generic[T]):
    door: str
    parcels: list[Parcel[T]] = field(default_factory=list)
    size: int = 0


Told = Callable[[Sequence[Parcel[T]], Sequence[Verdict]], None]


async def pour(
    parcels: Iterable[Parcel[T]], sender: Sender, told: Told[T], *, batch: int = 500, lanes: int = LANES
) -> None:
    """Sends all parcels, reading them as fast as they go out; calls `told` for each batch with its verdicts.

    Raises `GaveUp` or `NotServed` as soon as one lane does.
    """
    queues: list[asyncio.Queue[_Batch[T] | None]] = [asyncio.Queue(WAITING) for _ in range(lanes)]
    try:
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(_drive(queue, sender, told))
            await _load(parcels, queues, min(batch, MOST_EVENTS))
            for queue in queues:
                await queue.put(None)
    except* Exception as failures:
        raise failures.exceptions[0] from None


async def _load(parcels: Iterable[Parcel[T]], queues: Sequence[asyncio.Queue[_Batch[T] | None]], most: int) -> None:
    filling: dict[tuple[int, str], _Batch[T]] = {}
    for parcel in parcels:
        lane = zlib.crc32(parcel.whose.encode()) % len(queues)
        batch = filling.get((lane, parcel.door))
        if batch and (len(batch.parcels) >= most or batch.size + len(parcel.body) > MOST_BYTES):
            await queues[lane].put(batch)
            batch = None
        if batch is None:
            batch = filling[lane, parcel.door] = _Batch(parcel.door)
        batch.parcels.append(parcel)
        batch.size += len(parcel.body) + 1
    for (lane, _), batch in filling.items():
        await queues[lane].put(batch)


async def _drive(queue: asyncio.Queue[_Batch[T] | None], sender: Sender, told: Told[T]) -> None:
    while batch := await queue.get():
        told(batch.parcels, await sender.send(batch.door, [p.body for p in batch.parcels]))
