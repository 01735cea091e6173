"""What a consumer knows without asking: which subjects have facts waiting, which facts stand in quarantine or were
discarded. Read on assignment and every second (an operator may change it from another process), so that a batch asks
the database for none of it while there is nothing of the kind.

A stale hint is safe. Facts of a subject are kept by whoever owns its partition, who knows at once; an owner before that
is fenced, and the rewind that follows reads the hints again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from libs.events.consuming.ledger import Key
from libs.events.consuming.offsets import Partition
from libs.events.consuming.tables import applied, discarded, quarantine, waiting
from libs.events.store.database import Database
from libs.events.store.instants import to_micros

MOST = 10_000
_w, _q, _a = waiting.c, quarantine.c, applied.c


@dataclass(slots=True)
class Hints:
    """The hints of one consumer.

    `held`: subjects with waiting facts; `stopped`: ids of facts in quarantine that could not be applied; `unread`:
    entries of facts that could not be read, by id; `left_out`: ids of discarded facts; `revivable`: subjects that may
    go on now, with their partitions; `overdue`: subjects that miss a fact for too long.
    """

    consumer: str
    held: set[Key] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    revivable: dict[Key, Partition] = field(default_factory=dict)
    entries: int = 0
    overdue: dict[Key, int] = field(default_factory=dict)

    async def refresh(self, database: Database, now: datetime, alarm: timedelta) -> None:
        """Reads everything anew: three small queries."""
        waits = (
            select(_w.service, _w.subject, func.min(_w.since))
            .where(_w.consumer == self.consumer).group_by(_w.service, _w.subject).limit(MOST)
        )  # fmt: skip
        stands = select(
            _q.id, _q.kind, _q.reason, _q.service, _q.subject, _q.state, _q.event_id, _q.topic, _q.partition
        ).where(_q.consumer == self.consumer)
        async with database.read() as reader:
            waiting_now = (await reader.conn.execute(waits)).all()
            standing = (await reader.conn.execute(stands)).all()
            left = await reader.conn.execute(select(discarded.c.event_id).where(discarded.c.consumer == self.consumer))
            self.left_out = set(left.scalars())
            ready = (await reader.conn.execute(self._next())).all() if waiting_now else ()
        since = {(service, subject): earliest for service, subject, earliest in waiting_now}
        self.held = set(since)
        self.entries = len(standing)
        facts = [r for r in standing if r.kind == "fact" and r.state == "open"]
        self.stopped = {r.event_id for r in facts if r.reason == "cannot_apply"}
        self.unread = {r.event_id: r.id for r in facts if r.reason != "cannot_apply"}
        behind = {(r.service, r.subject) for r in standing}
        late = to_micros(now - alarm)
        self.overdue = {key: at for key, at in since.items() if at <= late and key not in behind}
        going_on = [r for r in ready if r.event_id not in self.stopped] + [r for r in standing if r.state != "open"]
        self.revivable = {(r.service, r.subject): (r.topic, r.partition) for r in going_on}

    def _next(self) -> Select[Any]:
        """Waiting facts that miss nothing any more: left over when a worker died in the middle of taking them."""
        mine = and_(_a.subject == _w.subject, _a.service == _w.service, _a.consumer == _w.consumer)
        reached = func.coalesce(_a.sequence, 0)
        return (
            select(_w.service, _w.subject, _w.event_id, _w.sequence, _w.topic, _w.partition)
            .select_from(waiting.outerjoin(applied, mine))
            .where(_w.consumer == self.consumer, or_(_w.sequence <= reached + 1, _w.epoch < func.coalesce(_a.epoch, 0)))
            .limit(MOST)
        )
