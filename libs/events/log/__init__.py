"""The log: durable, partitioned topics between the services.

Two adapters keep this port: `embedded` (a SQLite file, one machine) and `kafka`. Nothing outside this
folder knows which one runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

Headers = Sequence[tuple[str, bytes]]


class Outgoing(NamedTuple):
    """A record to publish: `key` decides the partition, so that a subject's records keep their order."""

    key: bytes
    value: bytes
    headers: Headers = ()


class Record(NamedTuple):
    """A record as read: where it stands, and what was published."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Mapping[str, bytes] = MappingProxyType({})
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """One partition of one life of a topic; `topic_id` differs once a topic was deleted and made again."""

    topic: str
    partition: int
    topic_id: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What a topic must be like: `retention_ms` −1 keeps it for ever."""

    name: str
    partitions: int
    retention_ms: int = -1


Locate = Callable[[Sequence[Slot]], Awaitable[dict[Slot, int]]]
"""Given newly assigned slots, answers the offset to read next in each (0: from the start)."""


class Consumer(Protocol):
    """Reads its share of some topics. Not safe for concurrent use."""

    async def start(self) -> None:
        """Joins the group; returns once connected (an assignment may come later)."""
        ...

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        """The next records by slot, in offset order, at most `max_records`; empty after `timeout` seconds.

        Positions advance by what is returned. Every slot newly assigned is first positioned where `Locate` says.
        """
        ...

    async def rewind(self) -> None:
        """Asks `Locate` again for every assigned slot: what was fetched since is read again."""
        ...

    async def advise(self, offsets: dict[Slot, int]) -> None:
        """Tells the log the next offsets, as advice for lag metrics only; never raises for a lost log."""
        ...

    async def lag(self) -> int | None:
        """Records between the positions and the ends of the assigned slots; None where that is unknown yet."""
        ...

    async def stop(self) -> None:
        """Leaves the group."""
        ...


class Log(Protocol):
    """A set of durable topics."""

    async def start(self) -> None:
        """Connects; waits for a log that is still starting."""
        ...

    async def ensure(self, topics: Sequence[Topic]) -> None:
        """Creates what is missing; safe to call at the same time from many processes."""
        ...

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Publishes in order, and returns once all are durable. Raises `Unavailable` where that is not certain:
        publishing again is safe, consumers drop what they had. Goes through the records once, so that they may be made
        one by one."""
        ...

    def consumer(self, group: str, topics: Sequence[str], locate: Locate, member: str = "") -> Consumer:
        """A consumer in `group`; `member` is its static identity across restarts, where given."""
        ...

    async def ends(self, topic: str) -> dict[Slot, int]:
        """The offset after the last record of every partition."""
        ...

    async def stop(self) -> None:
        """Lets go of what `start` took."""
        ...


class Unavailable(Exception):
    """The log cannot be reached, or did not confirm; trying again is safe."""
