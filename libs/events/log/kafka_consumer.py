"""Reading from Kafka: as a member of a group, from the offsets that the caller keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka.errors import IllegalStateError, OffsetOutOfRangeError  # type: ignore[import-untyped]

from libs.events.log import Locate, Record, Slot, Unavailable
from libs.events.log.kafka_advice import Advice
from libs.events.log.kafka_cluster import END, FIRST, LOST, Cluster, Connection, unhurried
from libs.events.log.kafka_membership import Assignment, close, options
from libs.events.log.kafka_records import as_records, read_leniently

# How long a topic made anew may go unnoticed. Nothing is lost by it, for the new topic is then read from its start.
LOOK_AT_TOPICS = 2.0
# A cluster that hangs holds up a `fetch` for this long at most.
PATIENCE = 5.0
PAUSE = 0.2

log = structlog.get_logger(__name__)


class KafkaConsumer:
    """A member of a group.

    The callbacks of a rebalance only count. Locating happens in `fetch`, because while a callback runs aiokafka sends
    no heartbeat, and a slow store would cost the membership. What `getmany` returns is handed out only if no turn
    passed since the positions were set, so neither a batch from before the seek nor one from before a loss gets out.
    """

    def __init__(
        self, connection: Connection, cluster: Cluster, group: str, topics: Sequence[str], locate: Locate, member: str
    ) -> None:
        self._cluster = cluster
        self._names = {connection.prefix + topic: topic for topic in topics}
        self._options = options(connection, group, member)
        self._locate = locate
        self._consumer: Any = None
        self._assignment = Assignment()
        self._advice = Advice(self._commit)
        self._turn: int | None = None            # the assignment's turn that the positions below belong to
        self._looked = 0.0
        self._slots: dict[Any, Slot] = {}
        self._positions: dict[Any, int] = {}

    async def start(self) -> None:
        """Connects, however long that takes; topics that are missing are waited for by `fetch`."""
        pause = PAUSE
        while self._consumer is None:
            try:
                await self._connect()
                return
            except Unavailable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)

    async def fetch(self, max_records: int, timeout: float) -> dict[Slot, list[Record]]:
        """The next records by slot; see the port. Takes longer than `timeout` only where `Locate` does."""
        now = asyncio.get_running_loop().time
        deadline = now() + timeout
        while True:
            try:
                if await self._ready(deadline) and (found := await self._poll(max_records, max(0.0, deadline - now()))):
                    return found
            except Unavailable:
                await asyncio.sleep(PAUSE)
            if now() >= deadline:
                return {}

    async def rewind(self) -> None:
        """The next `fetch` asks `Locate` again."""
        self._turn = None

    async def advise(self, offsets: dict[Slot, int]) -> None:
        """Commits in the background, and at most twice a second: nobody's correctness waits for it."""
        self._advice.give(offsets)

    async def lag(self) -> int | None:
        """By the ends that came with the last records fetched."""
        if self._turn is None or self._turn != self._assignment.turn:
            return None
        try:
            ends = {partition: self._consumer.highwater(partition) for partition in self._positions}
        except IllegalStateError:
            return None
        if None in ends.values():
            return None
        return sum(max(0, int(ends[partition]) - position) for partition, position in self._positions.items())

    async def stop(self) -> None:
        """Commits what was advised and leaves; a member with a name keeps its partitions until its session ends."""
        await self._advice.stop()
        await self._disconnect()

    async def _connect(self) -> bool:
        """Joins the group; false while topics are missing."""
        # Subscribing to a topic that is not there would have aiokafka ask a broker to make it, by that one's rules.
        if not await self._described():
            return False
        doing, begun = f"consuming {', '.join(self._names.values())}", self._cluster.outages.begin()
        self._assignment = Assignment()
        self._consumer = AIOKafkaConsumer(**self._options)
        unhurried(self._consumer._client)
        try:
            await self._consumer.start()
            self._consumer.subscribe(list(self._names), listener=self._assignment)
        except BaseException as error:
            await self._disconnect()
            if isinstance(error, LOST):
                self._cluster.outages.failed(doing, error, begun)
                raise Unavailable(f"no connection: {error!r}") from error
            raise
        self._cluster.outages.worked(doing)
        return True

    async def _disconnect(self) -> None:
        consumer, self._consumer, self._turn = self._consumer, None, None
        if consumer is not None:
            await close(consumer)

    async def _described(self) -> dict[str, str]:
        """The topics' ids; nothing unless all are there."""
        topics = await self._cluster.describe(list(self._names), PATIENCE)
        if missing := [topic for name, topic in self._names.items() if name not in topics]:
            log.warning("topics_missing", topics=missing)
            return {}
        if self._consumer is not None and any(
            len(self._consumer.partitions_for_topic(name) or ()) != len(topic.leaders) for name, topic in topics.items()
        ):
            # A topic came back or grew. Left alone, aiokafka notices when its metadata is old, and rebalances then.
            self._consumer._client.force_metadata_update()
        return {name: topic.topic_id for name, topic in topics.items()}

    async def _ready(self, deadline: float) -> bool:
        """True once every partition we were given stands where `Locate` says."""
        now = asyncio.get_running_loop().time
        if self._consumer is None and not await self._connect():
            await asyncio.sleep(min(5 * PAUSE, max(0.0, deadline - now())))
            return False
        assignment = self._assignment
        if not assignment.given.is_set():
            try:
                async with asyncio.timeout_at(deadline):
                    await assignment.given.wait()
            except TimeoutError:
                return False
        turn = assignment.turn
        if turn == self._turn and now() - self._looked < LOOK_AT_TOPICS:
            return True
        if not (ids := await self._described()):
            await asyncio.sleep(min(5 * PAUSE, max(0.0, deadline - now())))
            return False
        self._looked = now()
        slots = {
            partition: Slot(self._names[partition.topic], partition.partition, ids[partition.topic])
            for partition in sorted(assignment.partitions)
        }
        if turn == self._turn and slots == self._slots:
            return True
        offsets = await self._locate(list(slots.values())) if slots else {}
        if assignment is not self._assignment or turn != assignment.turn:
            return False
        self._slots, self._turn = slots, turn
        self._positions = {partition: offsets.get(slot, 0) for partition, slot in slots.items()}
        self._seek()
        return True

    def _seek(self) -> None:
        for partition, position in self._positions.items():
            self._consumer.seek(partition, position)

    async def _poll(self, max_records: int, wait: float) -> dict[Slot, list[Record]]:
        consumer, assignment, turn = self._consumer, self._assignment, self._turn
        try:
            # In a rebalance aiokafka waits for the group without a limit; hence one of our own, which is rarely met.
            async with asyncio.timeout(wait + PAUSE):
                batches = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=max_records)
        except TimeoutError:
            return {}
        except OffsetOutOfRangeError as error:
            await self._out_of_range(error.args[0])
            return {}
        except UnicodeDecodeError:
            return await self._read_around(max_records) if turn == assignment.turn else {}
        except LOST as error:
            log.warning("consumer_failed", topics=list(self._names.values()), error=repr(error))
            await self._disconnect()         # most of these leave a consumer that would only repeat them
            await asyncio.sleep(PAUSE)
            return {}
        except BaseException:
            self._turn = None                # whatever it had taken by then is read again
            raise
        finally:
            # aiokafka forgets to count down when `getmany` raises, and would never again see this member as idle.
            consumer._subscription._fetch_count = 0
        if turn != assignment.turn:
            return {}
        found = {}
        for partition, records in batches.items():
            found[self._slots[partition]] = as_records(self._names[partition.topic], partition.partition, records)
            self._positions[partition] = records[-1].offset + 1
        return found

    async def _read_around(self, most: int) -> dict[Slot, list[Record]]:
        """The records of the partition that aiokafka stumbles over; it says that it does, not where."""
        # It has also passed what it had taken from other partitions by then, and that is lost unless we go back.
        self._seek()
        turn = self._turn
        for partition, slot in self._slots.items():
            found = await read_leniently(self._cluster, partition.topic, slot, self._positions[partition])
            if turn is None or turn != self._assignment.turn:
                break
            if found := found[:most]:
                log.warning("header_is_no_text", topic=slot.topic, partition=slot.partition, offset=found[0].offset)
                self._positions[partition] = found[-1].offset + 1
                self._seek()
                return {slot: found}
        return {}

    async def _out_of_range(self, positions: dict[Any, int]) -> None:
        """Goes on from the first record there is, and says what was not there; a topic made anew is located anew."""
        turn = self._turn
        for partition, position in positions.items():
            slot = self._slots.get(partition)
            ids = await self._described()
            first = (await self._cluster.offsets(partition.topic, FIRST)).get(partition.partition, 0)
            end = (await self._cluster.offsets(partition.topic, END)).get(partition.partition, 0)
            if slot is None or ids.get(partition.topic) != slot.topic_id or turn != self._assignment.turn:
                self._turn = None
                return
            where = {"topic": slot.topic, "partition": slot.partition, "position": position, "first": first, "end": end}
            if position < first:
                log.warning("records_expired", skipped=first - position, **where)
            elif position > end:
                # The log lost what was read. Reading all that is left repeats records; going on would skip some.
                log.error("records_lost", lost=position - end, **where)
            else:
                first = position
            self._consumer.seek(partition, first)
            self._positions[partition] = first

    async def _commit(self, offsets: dict[Slot, int]) -> None:
        held = {slot: partition for partition, slot in self._slots.items()}
        wanted = {held[slot]: offset for slot, offset in offsets.items() if slot in held}
        if wanted and self._consumer is not None and self._turn == self._assignment.turn:
            await self._consumer.commit(wanted)
