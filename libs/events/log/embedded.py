"""The log in a SQLite file: for one machine, and for several processes on it.

What it does not promise, and Kafka does: partitions shared out among the members of a group. One consumer of a group
at a time reads all of its topics; a second one would read the same records again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from libs.events.log import Consumer, Locate, Outgoing, Slot, Topic, Unavailable
from libs.events.log.embedded_consumer import EmbeddedConsumer
from libs.events.log.embedded_file import LogFile
from libs.events.log.outages import Outages


class EmbeddedLog:
    """Topics of one file; all logs on it in one event loop share its connections."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).absolute()
        self._file: LogFile | None = None
        self._outages = Outages(str(self._path))

    @property
    def file(self) -> LogFile:
        """The file, once started."""
        if self._file is None:
            raise Unavailable("not started")
        return self._file

    async def start(self) -> None:
        """Opens the file, and makes it where there is none."""
        if self._file is None:
            self._file = await LogFile.open(self._path)

    async def ensure(self, topics: Sequence[Topic]) -> None:
        """Creates what is missing; safe from many processes at once."""
        await self.file.ensure(topics)

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Publishes in order; on disk when it returns. Publishes that come at the same time share a transaction."""
        if batch := tuple(records):
            doing, begun = f"publishing {topic}", self._outages.begin()
            try:
                await self.file.publish(topic, batch)
            except Unavailable as error:
                self._outages.failed(doing, error, begun)
                raise
            self._outages.worked(doing)

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        """The one consumer of `group`; whose turn it is to be that one is decided outside."""
        return EmbeddedConsumer(lambda: self.file, topics, locate)

    async def ends(self, topic: str) -> dict[Slot, int]:
        """The offset after the last record of every partition; empty for a topic that does not exist."""
        return await self.file.ends([topic])

    async def drop(self, topic: str) -> None:
        """Deletes a topic and its records; for operators, who refill it by a republish."""
        await self.file.drop(topic)

    async def stop(self) -> None:
        """Lets go of the file; the last one closes it."""
        if self._file is not None:
            file, self._file = self._file, None
            await file.release()
