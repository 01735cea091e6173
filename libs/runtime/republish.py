"""Republish: fills a fact topic again from the store, which is the truth: topics get lost, deleted, repartitioned.

Records are those that the relay made: same ids, sequences, attributes and bytes, so consumers know what they had and
drop it. It may run while the service does, and may be broken off and begun again.

What holds of the order: a subject's facts are republished in the order of their sequence. But the live relay publishes
at the same time, so in a topic made anew a fact appended just now may stand before older ones of its subject that are
not republished yet. Our consumers let it wait until those came; others must go by `sequence`, too. No fact is missed in
between: one that is committed before its page is read is in the page, and any other is in the outbox, for the relay.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import func, select, tuple_

from libs.events.log import Log, Outgoing, Topic, Unavailable
from libs.events.relay import outgoing
from libs.events.store import schema
from libs.events.store.codec import event_of
from libs.events.store.database import Database
from libs.events.store.errors import is_transient

PAGE = 2000
TRIES = 10
_column = schema.events.c
_log = structlog.get_logger()
T = TypeVar("T")


class Refillable(Log, Protocol):
    """A log whose topics an operator may delete; every adapter is one."""

    async def drop(self, topic: str) -> None:
        """Deletes a topic and its records."""
        ...


async def refill(
    service: str, database: Database, log: Refillable, topic: str, partitions: int, *, anew: bool = False,
    told: Callable[[int], None] = lambda count: None,
) -> int:  # fmt: skip
    """Makes the topic where it is missing (`anew`: deletes it first), and republishes; how many facts there were."""
    if anew:
        await log.drop(topic)
    await log.ensure([Topic(topic, partitions)])
    return await republish(service, database, log, topic, told)


async def republish(
    service: str,
    database: Database,
    log: Log,
    topic: str,
    told: Callable[[int], None] = lambda count: None,
    page: int = PAGE,
) -> int:
    """Publishes every fact of the store to `topic`; how many there were. `told` hears the count after each page.

    Holds one page in memory. Raises `Unavailable`, or the database's error, where a minute of trying was no help.
    """
    place, count = ("", 0), 0
    while rows := await _patiently(partial(_page, database, place, page)):
        await _patiently(partial(log.publish, topic, [_record(row, service) for row in rows]))
        place, count = (rows[-1].subject, rows[-1].sequence), count + len(rows)
        told(count)
    return count


async def facts(database: Database) -> int:
    """How many facts the store holds."""
    async with database.read() as reader:
        return int((await reader.conn.execute(select(func.count()).select_from(schema.events))).scalar_one())


async def _page(database: Database, after: tuple[str, int], limit: int) -> Sequence[Any]:
    # by key and not by offset: every page costs the same, and appends meanwhile shift nothing
    key = tuple_(_column.subject, _column.sequence)
    query = select(schema.events).where(key > after).order_by(_column.subject, _column.sequence).limit(limit)
    async with database.read() as reader:
        return (await reader.conn.execute(query)).all()


def _record(row: Any, service: str) -> Outgoing:
    """As the relay makes it of an outbox row; the data stays the bytes that were stored."""
    head = "\0".join(event_of(row, service, {}).attributes()).encode()
    return outgoing((0, row.subject, head, row.data))


async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
    """Tries again while the log or the database is away; a page that is published twice does no harm."""
    for failures in range(1, TRIES):
        try:
            return await step()
        except Exception as error:
            if not (isinstance(error, Unavailable) or is_transient(error)):
                raise
            _log.warning("republish waits", error=type(error).__name__, failures=failures)
        await asyncio.sleep(random.uniform(0.5, 1.0) * min(0.1 * 2**failures, 15))
    return await step()
