"""Reading the embedded log: all partitions of some topics, from the offsets that the caller keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from libs.events.log import Locate, Record, Slot, Unavailable
from libs.events.log.embedded_file import LogFile
from libs.events.log.embedded_tables import Found

PAUSE = 0.2

log = structlog.get_logger(__name__)


class EmbeddedConsumer:
    """The one consumer of its group."""

    def __init__(self, file: Callable[[], LogFile], topics: Sequence[str], locate: Locate) -> None:
        self._open = file
        self._topics = list(topics)
        self._locate = locate
        self._bell = asyncio.Event()
        self._file: LogFile | None = None
        self._positions: dict[Slot, int] | None = None       # None: to be located

    async def start(self) -> None:
        """From now on, what is published wakes it."""
        self._file = self._open()
        self._file.listen(self._bell, self._topics)

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        """The next records by slot; see the port. Takes longer than `timeout` only where `Locate` does."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout
        while True:
            self._bell.clear()               # before the look: what comes after it rings again
            try:
                if found := await self._look(max_records):
                    return found
            except Unavailable as error:
                log.warning("fetch_failed", topics=self._topics, error=repr(error))
                await asyncio.sleep(PAUSE)
            if (left := deadline - now()) <= 0:
                return {}
            try:
                async with asyncio.timeout(left):
                    await self._bell.wait()
            except TimeoutError:
                return {}

    async def rewind(self) -> None:
        """The next `fetch` asks `Locate` again."""
        self._positions = None

    async def advise(self, offsets: dict[Slot, int]) -> None:
        """Nobody else asks a file for its lag."""

    async def lag(self) -> int | None:
        """By the ends there are now."""
        if self._positions is None or self._file is None:
            return None
        try:
            ends = await self._file.ends(self._topics)
        except Unavailable:
            return None
        return sum(max(0, ends[slot] - position) for slot, position in self._positions.items() if slot in ends)

    async def stop(self) -> None:
        """Is not woken any more."""
        if self._file is not None:
            self._file.ignore(self._bell)
            self._file = None

    async def _look(self, most: int) -> dict[Slot, list[Record]]:
        if self._file is None:
            raise Unavailable("not started")
        if self._positions is None:
            slots = await self._file.ends(self._topics)
            located = await self._locate(list(slots)) if slots else {}
            self._positions = {slot: located.get(slot, 0) for slot in slots}
        positions = self._positions
        found = await self._file.look(self._topics, positions, most)
        if found.ends.keys() != positions.keys():
            # A topic was made, or made anew. Whether or not all else stands where it should is for `Locate` to say.
            self._positions = None
            self._bell.set()
            return {}
        self._check(positions, found)
        for slot, records in found.records.items():
            if records:
                # To the back: with few records a fetch, a busy partition must not keep the others from their turn.
                del positions[slot]
                positions[slot] = records[-1].offset + 1
        return {slot: records for slot, records in found.records.items() if records}

    def _check(self, positions: dict[Slot, int], found: Found) -> None:
        """Says what is not there any more, and goes on from what is."""
        for slot, records in found.records.items():
            first = records[0].offset if records else found.ends[slot]
            if (skipped := first - positions[slot]) > 0:
                log.warning("records_expired", topic=slot.topic, partition=slot.partition, position=positions[slot],
                            first=first, skipped=skipped)
                positions[slot] = first
        for slot, end in found.ends.items():
            if (lost := positions[slot] - end) > 0:
                # The file lost what was read: an older copy was put back. Reading all that is left repeats records;
                # going on would skip some.
                log.error("records_lost", topic=slot.topic, partition=slot.partition, position=positions[slot],
                          end=end, lost=lost)
                positions[slot] = 0
                self._bell.set()
