"""One SQLite file as one event loop uses it: a thread that writes, a thread that reads, and a bell between them."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar, Self, TypeVar
from weakref import WeakKeyDictionary

import structlog

from libs.events.log import Outgoing, Slot, Topic, Unavailable
from libs.events.log import embedded_tables as tables
from libs.events.log.embedded_schema import connect, prepare

LISTEN_EVERY = 0.1
EXPIRE_EVERY = 60.0

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Line:
    """A connection in a thread of its own, where every call is one whole transaction: one hop instead of one a
    statement, so that the write lock is never held while the event loop is busy with something else."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log")
        self._connection: sqlite3.Connection | None = None

    async def open(self, path: Path) -> None:
        """Connects."""
        self._connection = await self._run(lambda: connect(path))

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` there; what SQLite refuses is `Unavailable`."""
        if (connection := self._connection) is None:
            raise Unavailable("the file is closed")
        try:
            return await self._run(lambda: work(connection))
        except sqlite3.Error as error:
            raise Unavailable(f"the file cannot be used: {error}") from error

    async def close(self) -> None:
        """Closes the connection and ends the thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._run(connection.close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class LogFile:
    """The shared side of all embedded logs on one file in one event loop.

    One writer for all of them: several in one process would wait for each other the way SQLite does, by sleeping.
    """

    _open: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, LogFile]]] = WeakKeyDictionary()

    def __init__(self, path: Path) -> None:
        self.path = path
        self._users = 0
        self._ready = asyncio.Lock()
        self._writer, self._reader = Line(), Line()
        self._waiting: list[tuple[str, Sequence[Outgoing], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._bells: dict[asyncio.Event, frozenset[str]] = {}

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The file's object, opened by whoever comes first; `path` is absolute."""
        files = cls._open.setdefault(asyncio.get_running_loop(), {})
        file = files.setdefault(path, cls(path))
        assert isinstance(file, cls)
        file._users += 1
        try:
            async with file._ready:
                if file._listening is None:
                    await file._start()
        except BaseException:
            await file.release()
            raise
        return file

    async def release(self) -> None:
        """One user fewer; the last one closes it."""
        self._users -= 1
        if self._users:
            return
        del self._open[asyncio.get_running_loop()][self.path]
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._reader.close()
        await self._writer.close()

    async def ensure(self, topics: Sequence[Topic]) -> None:
        """Creates what is missing."""
        differ = await self._writer.do(lambda line: tables.ensure(line, topics))
        for name, partitions in differ.items():
            # Not changed: it would move subjects between partitions. That takes a new topic and a republish.
            log.warning("partitions_differ", topic=name, partitions=partitions)
        self._ring(None)

    async def drop(self, topic: str) -> None:
        """Deletes a topic."""
        await self._writer.do(lambda line: tables.drop(line, topic))
        self._ring(None)

    async def publish(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Appends, together with whatever else waits for the disk to be done with the transaction before."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((topic, records, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await done

    async def look(self, names: Sequence[str], positions: dict[Slot, int], most: int) -> tables.Found:
        """What there is to read; see `tables.look`."""
        return await self._reader.do(lambda line: tables.look(line, names, positions, most))

    async def ends(self, names: Sequence[str]) -> dict[Slot, int]:
        """The end of every slot of the topics."""
        return (await self.look(names, {}, 0)).ends

    def listen(self, bell: asyncio.Event, topics: Sequence[str]) -> None:
        """From now on the bell is set whenever one of the topics may have changed."""
        self._bells[bell] = frozenset(topics)

    def ignore(self, bell: asyncio.Event) -> None:
        """Forgets a bell."""
        self._bells.pop(bell, None)

    async def _start(self) -> None:
        try:
            await self._writer.open(self.path)
            await self._writer.do(prepare)
            await self._reader.open(self.path)
        except (sqlite3.Error, OSError, Unavailable) as error:
            for line in (self._reader, self._writer):
                await line.close()
            self._writer, self._reader = Line(), Line()
            raise Unavailable(f"{self.path} cannot be opened: {error}") from error
        self._listening = asyncio.create_task(self._listen())

    async def _write(self) -> None:
        while waiting := self._waiting:
            self._waiting = []
            publishes = [(topic, records) for topic, records, _ in waiting]
            outcomes: Sequence[Exception | None]
            try:
                outcomes = await self._writer.do(partial(tables.append, publishes=publishes))
            except Exception as error:
                outcomes = [error] * len(waiting)
            self._ring({topic for topic, _ in publishes})
            for (_, _, done), outcome in zip(waiting, outcomes, strict=True):
                if not done.done():
                    done.set_exception(outcome) if outcome else done.set_result(None)

    def _ring(self, topics: set[str] | None) -> None:
        for bell, wanted in self._bells.items():
            if topics is None or not wanted.isdisjoint(topics):
                bell.set()

    async def _listen(self) -> None:
        """Hears what other processes write, and removes what is too old."""
        clock = asyncio.get_running_loop().time
        version, expired = None, -EXPIRE_EVERY
        while True:
            with contextlib.suppress(Unavailable):
                heard = await self._reader.do(lambda line: line.execute("PRAGMA data_version").fetchone()[0])
                if heard != version:
                    version = heard
                    self._ring(None)
                if clock() - expired >= EXPIRE_EVERY:
                    expired = clock()
                    while await self._writer.do(tables.expire):
                        pass
            await asyncio.sleep(LISTEN_EVERY)
