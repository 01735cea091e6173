"""Questions to a Kafka cluster that belong to no producer and no consumer: which topics, which ids, how far."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError, for_code  # type: ignore[import-untyped]
from aiokafka.protocol.offset import OffsetRequest  # type: ignore[import-untyped]

from libs.events.log import Unavailable
from libs.events.log.kafka_protocol import DescribeTopics
from libs.events.log.outages import Outages

FIRST, END = -2, -1
ATTEMPTS = 5
# For one question; how long a publish may take is the connection's `patience`.
PATIENCE = 30.0
REQUEST_TIMEOUT = 10.0
UNKNOWN_TOPIC = 3
ASKING = "asking"
REST = 0.25
LOST = (KafkaError, OSError, RuntimeError)
"""What it sounds like when a broker has gone: uvloop tells by a RuntimeError that it just closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a cluster is and how to talk to it."""

    servers: str
    prefix: str = ""
    replication: int = 0
    patience: float = 15.0
    security: str = "PLAINTEXT"
    mechanism: str = ""
    cafile: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def options(self) -> dict[str, Any]:
        """What every client of aiokafka takes."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers.split(","),
            "client_id": "careledger",
            "security_protocol": self.security,
            # Topics that come and go, and brokers that moved, are noticed at least this often.
            "metadata_max_age_ms": 60_000,
        }
        if self.security.endswith("SSL"):
            options["ssl_context"] = ssl.create_default_context(cafile=self.cafile or None)
        if self.security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options


@dataclass(frozen=True, slots=True)
class Described:
    """A topic as the cluster has it: the id of its present life, the leader of each partition (-1: none now), and the
    number of copies."""

    topic_id: str
    leaders: dict[int, int]
    replication: int


def unhurried(client: Any) -> None:
    """Has a client of aiokafka rest after it looked for its brokers in vain: it would look again at once, hundreds of
    times a second, for as long as the cluster is away."""
    look = client._metadata_update

    async def update(*arguments: Any) -> bool:
        found = bool(await look(*arguments))
        if not found:
            await asyncio.sleep(REST)
        return found

    client._metadata_update = update


class Cluster:
    """One connection for questions; answers or raises `Unavailable`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.outages = Outages(connection.servers)
        self._client: Any = None

    async def start(self) -> None:
        """Connects, however long the cluster takes to come up."""
        pause, begun = 0.1, self.outages.begin()
        while self._client is None:
            client = AIOKafkaClient(request_timeout_ms=int(REQUEST_TIMEOUT * 1000), **self.connection.options())
            unhurried(client)
            try:
                await client.bootstrap()
                self._client = client
                self.outages.worked(ASKING)
            except (KafkaError, OSError) as error:
                self.outages.failed(ASKING, error, begun)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)
            finally:
                if self._client is not client:
                    await client.close()

    async def stop(self) -> None:
        """Closes the connection."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    @property
    def brokers(self) -> int:
        """How many brokers there are."""
        return len(self._client.cluster.brokers()) if self._client else 0

    async def send(self, request: Any, node: int | None = None, patience: float = PATIENCE) -> Any:
        """The answer to one request, of any broker where none is named."""
        problem: Exception | None = None
        begun = self.outages.begin()
        try:
            async with asyncio.timeout(patience):
                for attempt in range(ATTEMPTS):
                    if self._client is None:
                        raise Unavailable("not started")
                    try:
                        chosen = self._client.get_random_node() if node is None else node
                        answer = await self._client.send(chosen, request)
                        self.outages.worked(ASKING)
                        return answer
                    except LOST as error:
                        problem = error
                    await asyncio.sleep(0.05 * 2**attempt)
        except TimeoutError as error:
            problem = problem or error
        assert problem is not None, "every attempt failed in some way"
        self.outages.failed(ASKING, problem, begun)
        raise Unavailable(f"the cluster does not answer: {problem!r}") from problem

    async def describe(self, names: Sequence[str], patience: float = PATIENCE) -> dict[str, Described]:
        """The topics that exist, by name."""
        answer = await self.send(DescribeTopics(list(names)), patience=patience)
        found = {}
        for code, name, topic_id, _, partitions, *_ in answer.topics:
            if code == 0:
                leaders = {number: leader if error == 0 else -1 for error, number, leader, *_ in partitions}
                copies = min((len(replicas) for _, _, _, _, replicas, *_ in partitions), default=1)
                found[name] = Described(str(topic_id), dict(sorted(leaders.items())), copies)
            elif code != UNKNOWN_TOPIC:
                raise Unavailable(f"{name}: {for_code(code).__name__}")
        return found

    async def offsets(self, name: str, which: int) -> dict[int, int]:
        """`FIRST` or `END` of every partition of a topic; empty where there is no such topic."""
        for attempt in range(ATTEMPTS):
            topic = (await self.describe([name])).get(name)
            if topic is None:
                return {}
            by_leader: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for number, leader in topic.leaders.items():
                by_leader[leader].append((number, which))
            if -1 not in by_leader:
                found = await asyncio.gather(*(
                    self._offsets(name, leader, wanted) for leader, wanted in by_leader.items()))
                if None not in found:
                    return {number: offset for part in found if part for number, offset in part.items()}
            await asyncio.sleep(0.1 * 2**attempt)        # a leader is being elected, or was just now
        raise Unavailable(f"{name}: partitions without a leader")

    async def _offsets(self, name: str, leader: int, wanted: list[tuple[int, int]]) -> dict[int, int] | None:
        answer = await self.send(OffsetRequest(-1, 0, [(name, wanted)]), leader)
        [(_, partitions)] = answer.topics
        if any(code for _, code, *_ in partitions):
            return None
        return {number: offset for number, _, _, offset in partitions}
