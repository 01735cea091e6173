"""Publishing to Kafka: whole batches, in order within a partition, confirmed by all replicas."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from libs.events.log import Outgoing, Unavailable
from libs.events.log.kafka_cluster import LOST, Cluster, Connection, unhurried
from libs.events.log.partitioner import place

BATCH_BYTES = 128 * 1024
REQUEST_TIMEOUT = 10.0

@dataclass(slots=True, eq=False)
class Session:
    """A producer of aiokafka, and how many publishes use it."""

    producer: Any
    users: int = 0
    broken: bool = False


class Producer:
    """Publishes through one idempotent producer after another: each lasts until its first error."""

    def __init__(self, connection: Connection, cluster: Cluster) -> None:
        self._connection = connection
        self._cluster = cluster
        self._session: Session | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Returns once all are confirmed; raises `Unavailable` otherwise."""
        session, outages = None, self._cluster.outages
        doing, begun = f"publishing {topic}", outages.begin()
        try:
            # aiokafka retries an idempotent batch for ever; how long we wait is decided here.
            async with asyncio.timeout(self._connection.patience):
                session = await self._join()
                producer = session.producer
                # aiokafka would ask a broker to make a topic that is missing, by that one's rules.
                known = producer.client.cluster.partitions_for_topic(topic)
                if not known and not await self._cluster.describe([topic]):
                    raise Unavailable(f"there is no topic {topic}")
                partitions = len(await producer.partitions_for(topic))
                await send(producer, topic, records, partitions)
                outages.worked(doing)
        except Unavailable as error:
            outages.failed(doing, error, begun)
            raise
        except (*LOST, AssertionError) as error:
            # After an error the broker expects a sequence number that this producer has passed, and refuses all that
            # follows: that is what keeps the order, and why only a new producer can go on.
            if session is not None:
                self._abandon(session)
            outages.failed(doing, error, begun)
            raise Unavailable(f"not confirmed: {error!r}") from error
        finally:
            if session is not None:
                self._leave(session)

    async def stop(self) -> None:
        """Closes what is open."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if (session := self._session) is not None:
            self._abandon(session)
            if not session.users:
                self._close(session)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * REQUEST_TIMEOUT)

    async def _join(self) -> Session:
        while (session := self._session) is None:
            if (connecting := self._connecting) is None:
                connecting = self._connecting = asyncio.create_task(self._connect())
                connecting.add_done_callback(self._connected)
            # Not ended by one publish's patience: where connecting takes longer than that, none would ever succeed.
            await asyncio.wait([connecting])
            if connecting.cancelled():
                raise Unavailable("stopped")
            connecting.result()
        session.users += 1
        return session

    async def _connect(self) -> None:
        producer = AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=int(REQUEST_TIMEOUT * 1000),
            **self._connection.options(),
        )
        unhurried(producer.client)
        try:
            await producer.start()
        except BaseException:
            await close(producer)
            raise
        self._session = Session(producer)

    def _connected(self, task: asyncio.Task[None]) -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()             # whoever still waits for it is told; nobody need be

    def _abandon(self, session: Session) -> None:
        session.broken = True
        if self._session is session:
            self._session = None

    def _leave(self, session: Session) -> None:
        session.users -= 1
        if session.broken and not session.users:
            self._close(session)

    def _close(self, session: Session) -> None:
        task = asyncio.create_task(close(session.producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def send(producer: Any, topic: str, records: Iterable[Outgoing], partitions: int) -> None:
    """Sends records in their order and waits for every confirmation; raises the first error.

    Each goes straight into the batch of its partition, so that what it was made of is gone before the next is made:
    thousands of records with their headers, held at once, cost more than sending them does. The order holds though a
    partition's next batch is queued before the last is confirmed: `send_batch` waits while another waits, aiokafka has
    one batch of a partition under way at a time and puts a failed one back first, and the broker refuses a batch whose
    predecessor it has not seen. The same bounds the memory to three batches a partition.
    """
    now = time.time_ns() // 1_000_000
    sent: list[asyncio.Future[Any]] = []
    batches = [producer.create_batch() for _ in range(partitions)]
    try:
        for record in records:
            partition = place(record, partitions)
            headers = list(record.headers)               # the compiled builder takes nothing but a list
            key, value = record.key, record.value
            if batches[partition].append(timestamp=now, key=key, value=value, headers=headers) is None:
                sent.append(await producer.send_batch(batches[partition], topic, partition=partition))
                batches[partition] = producer.create_batch()
                batches[partition].append(timestamp=now, key=key, value=value, headers=headers)
        for partition, batch in enumerate(batches):
            if batch.record_count():
                sent.append(await producer.send_batch(batch, topic, partition=partition))
    except BaseException:
        for confirmation in sent:
            confirmation.cancel()                        # nobody will ask how they ended
        raise
    outcomes = await asyncio.gather(*sent, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def close(producer: Any) -> None:
    """Closes a producer that may have batches it cannot deliver; its own `stop` would wait for them for ever."""
    producer._closed = True
    if sender := producer._sender.sender_task:
        sender.cancel()
        await asyncio.wait([sender], timeout=2 * REQUEST_TIMEOUT)
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(producer.client.close(), REQUEST_TIMEOUT)
