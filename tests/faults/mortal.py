"""A process of the product that dies by kill -9 at the step it was told to: nothing is cleaned up, nothing is caught.

The product knows nothing of it. Its ports are wrapped from outside, here, in the child. One process has imported
everything and forks a child for each life, so that a life costs no start.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from libs.events.log import Consumer, Locate, Log, Outgoing, Record, Slot
from libs.events.log.opening import open_log
from libs.events.store import outbox
from libs.runtime.services import SERVICES, definition
from tests.faults.load import Load
from tests.faults.workload import workload
from tests.faults.world import NamedLog, Place, World, world

BATCH = 12
LIFETIME = 40


@dataclass
class Fuse:
    """Burns when a step is reached for the nth time. Only steps of a batch count: `armed` once there is one."""

    step: str
    nth: int
    armed: bool = False

    def reached(self, step: str) -> None:
        """Says that the work is at this step; it may be the last that this process does."""
        if self.armed and step == self.step:
            self.nth -= 1
            if not self.nth:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalLog(NamedLog):
    """The log, with a fuse."""

    def __init__(self, inner: Log, fuse: Fuse) -> None:
        super().__init__(inner)
        self.fuse = fuse

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        self.fuse.armed = True
        self.fuse.reached("claimed")
        batch = list(records)
        half = len(batch) // 2
        await self.inner.publish(topic, batch[:half])
        self.fuse.reached("half published")
        await self.inner.publish(topic, batch[half:])
        self.fuse.reached("published")

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        return MortalConsumer(super().consumer(group, topics, locate, member), self.fuse)


class MortalConsumer:
    """A consumer, with a fuse; its batches are small, so that there are many."""

    def __init__(self, inner: Consumer, fuse: Fuse) -> None:
        self.inner, self.fuse = inner, fuse
        self.start, self.rewind, self.lag, self.stop = inner.start, inner.rewind, inner.lag, inner.stop

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        found = await self.inner.fetch(min(max_records, BATCH), timeout)
        if found:
            self.fuse.armed = True
            self.fuse.reached("fetched")
        return found

    async def advise(self, offsets: dict[Slot, int]) -> None:
        await self.inner.advise(offsets)
        self.fuse.reached("advised")
        self.fuse.armed = False


def wire(mortal: World, service: str, fuse: Fuse) -> None:
    """Puts the fuse between the steps of everything that the service does."""
    assembled = mortal[service]
    database: Any = assembled.platform.database
    begin, claim = database.begin, assembled.relay.outbox.claim

    @asynccontextmanager
    async def begin_mortal() -> AsyncIterator[Any]:
        async with begin() as tx:
            fuse.reached("begun")
            yield tx
            fuse.reached("not committed")
        fuse.reached("committed")

    database.begin = begin_mortal
    # several batches a claim, and several claims
    outbox.BATCHES = 2
    assembled.relay.outbox.claim = lambda limit: claim(min(limit, BATCH // 2))  # type: ignore[method-assign]
    for projector in assembled.projectors:
        handler: Any = projector._handler
        handler.apply = applying(handler.apply, fuse)


def applying(apply: Any, fuse: Fuse) -> Any:
    async def apply_mortal(*arguments: Any) -> None:
        await apply(*arguments)
        fuse.reached("applied")

    return apply_mortal


async def live(place: Place, service: str, loop: str, fuse: Fuse) -> None:
    """One of the service's loops, until the fuse burns; `load` is a caller's, and ends when everything was told."""
    log = MortalLog(open_log(place.log_url), fuse)
    name = f"{service} {loop}"
    if loop == "load":
        async with world(place, SERVICES, (), create=False) as mortal:
            await Load(mortal, workload()).run()
        fuse.armed = True
        fuse.reached("told")
    async with world(place, [service], [name], create=False, log=log) as mortal:
        wire(mortal, service, fuse)
        await dict(mortal.loops())[name]()


def die(place: dict[str, str], service: str, loop: str, step: str, nth: int) -> int:
    """Lives in a child; the signal that ended it, or 0."""
    if child := os.fork():
        return os.WTERMSIG(os.waitpid(child, 0)[1])
    signal.alarm(LIFETIME)
    try:
        asyncio.run(live(Place(**place), service, loop, Fuse(step, nth)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    """A life for each line of the input."""
    for name in SERVICES:
        definition(name)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what lives log is for people
    for line in sys.stdin:
        print(die(**json.loads(line)), file=answers, flush=True)


if __name__ == "__main__":
    main()
