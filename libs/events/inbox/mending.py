"""What the operator wants done with quarantined inbound events: another try, or to be rid of them."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import delete, func, select

from libs.events.consuming import metrics
from libs.events.consuming.entries import Row, purge
from libs.events.consuming.quarantine import opened
from libs.events.consuming.tables import quarantine
from libs.events.inbox.inbox import CONSUMER, Inbox
from libs.events.inbox.parsing import read_record
from libs.events.store.instants import to_micros

EVERY, PURGE_EVERY = 1.0, 60.0
MOST = 500
_q = quarantine.c


class Mending:
    """Looks once a second."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox, self._database = inbox, inbox.platform.database
        self._next = self._purge_next = 0.0

    async def look(self) -> None:
        """Does what was asked for, oldest first, and clears what was kept long enough."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        mine = _q.consumer == CONSUMER
        async with self._database.read() as reader:
            query = select(quarantine).where(mine, _q.state != "open").order_by(_q.created, _q.id).limit(MOST)
            wanted = (await reader.conn.execute(query)).all()
            standing = (await reader.conn.execute(select(func.count()).where(mine))).scalar_one()
        metrics.quarantined.labels(self._inbox.platform.service, CONSUMER).set(standing)
        for row in wanted:
            await self._mend(Row(*row))
        if time.monotonic() >= self._purge_next:
            async with self._database.begin() as tx:
                await purge(tx, CONSUMER, self._inbox.platform.clock.now())
            self._purge_next = time.monotonic() + PURGE_EVERY

    async def _mend(self, row: Row) -> None:
        record = opened(row, self._inbox.sealer) if row.state == "retrying" else None
        judged = await self._inbox.judge(read_record(record)) if record else []
        if row.state == "retrying" and record is None:
            return  # its bytes are gone, and it goes with the next purge
        bad = [j for j in judged if j.status not in ("appended", "already", "parked")]
        async with self._database.begin() as tx:
            await self._inbox.parking.park(tx, [j for j in judged if j.status == "parked"])
            if bad:
                now = to_micros(self._inbox.platform.clock.now())
                again = replace(
                    row, state="open", reason=bad[0].reason, error=bad[0].fault, attempts=row.attempts + 1, created=now
                )
                await self._inbox.entries.write(tx, [again])
            else:
                await tx.conn.execute(delete(quarantine).where(_q.id == row.id))
