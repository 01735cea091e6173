"""Events that came before what they refer to: kept, tried again when that has come, and given up after three days.

An event says which name it waits for (`complaint-ref:…`); a poll asks the store which of those names are taken now. The
table is the truth, so a restart loses nothing, and an event may be parked by one process and taken up by another.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, select, update

from libs.events.clock import Clock
from libs.events.consuming import metrics
from libs.events.consuming.decoding import pack, unpack
from libs.events.consuming.entries import Entries, Sealer
from libs.events.desk import Desk
from libs.events.inbox.judging import Judged, Judging
from libs.events.inbox.parsing import Letter, Unfit, read_record
from libs.events.inbox.tables import parked
from libs.events.store.database import Database, Transaction
from libs.events.store.instants import to_micros

EVERY, LOOK_EVERY, ANYWAY_EVERY = 0.25, 1.0, 60.0
MOST, AT_ONCE, CACHED = 2000, 500, 50_000
_p = parked.c
_log = structlog.get_logger()


class Wait:
    """What a parked event waits for, and when it is tried again: at once when its name is taken, then less and less
    often; `anyway` once a minute."""

    __slots__ = ("again", "anyway", "name", "pause")

    def __init__(self, name: str) -> None:
        self.name, self.pause, self.again = name, LOOK_EVERY, 0.0
        self.anyway = time.monotonic() + ANYWAY_EVERY

    def in_vain(self) -> None:
        """Notes that it was tried and still must wait."""
        now = time.monotonic()
        self.again, self.anyway = now + self.pause, now + ANYWAY_EVERY
        self.pause = min(2 * self.pause, ANYWAY_EVERY)


class Parking:
    """The parked events of one service."""

    def __init__(
        self, service: str, database: Database, judging: Judging, desk: Desk, sealer: Sealer, entries: Entries,
        clock: Clock, hours: float, secret: bytes,
    ) -> None:  # fmt: skip
        self._service, self._database, self._judging, self._desk = service, database, judging, desk
        self._sealer, self._entries, self._clock = sealer, entries, clock
        self._stay, self._secret = timedelta(hours=hours), secret
        self._waits: dict[str, Wait] = {}
        self._any, self._next, self._place, self._last_arrival = True, 0.0, 0, 0

    def digest(self, key: str) -> str:
        """The digest of an event's source and id, by which it is found without being told."""
        return hmac.digest(self._secret, f"inbox {key}".encode(), "sha256")[:16].hex()

    async def park(self, tx: Transaction, judged: Sequence[Judged]) -> None:
        """Keeps events in the order they came; one that is here already keeps its place."""
        rows = []
        for one in judged:
            self._last_arrival = max(self._last_arrival + 1, to_micros(self._clock.now()))
            rows.append((self.digest(one.letter.key), self._last_arrival, *self._sealed(one)))
        await tx.insert(parked, rows)
        self._any = self._any or bool(rows)

    async def look(self, *, now: bool = False) -> int:
        """Tries again what need not wait any longer, and gives up what waited too long; how many were settled.

        Costs nothing while nothing is parked, but for a look once a second at what other processes parked. Where much
        is parked, each look takes the next stretch of it in turn. `now`: this process has just appended something that
        may have been waited for.
        """
        clock = time.monotonic()
        if not (now and self._any) and clock < self._next:
            return 0
        rows = await self._stretch()
        self._any = bool(rows) or self._place > 0
        self._next = clock + (EVERY if self._any else LOOK_EVERY)
        too_old = to_micros(self._clock.now() - self._stay)
        settled = await self._expire([key for key, arrived in rows if arrived <= too_old])
        keys = [key for key, arrived in rows if arrived > too_old]
        while ready := await self._ready(keys):
            done = await self._try(ready)
            settled += len(done)
            keys = [key for key in keys if key not in done]
            if not done:
                break
        return settled

    async def _stretch(self) -> list[tuple[str, int]]:
        """The next keys and arrivals in order; the names of those not seen before are unsealed and remembered."""
        async with self._database.read() as reader:
            if not self._place:
                count = (await reader.conn.execute(select(func.count()).select_from(parked))).scalar_one()
                metrics.parked.labels(self._service).set(count)
                if not count or len(self._waits) > CACHED:
                    self._waits.clear()
            query = select(_p.key, _p.arrived).where(_p.arrived > self._place).order_by(_p.arrived, _p.key).limit(MOST)
            rows = [(key, arrived) for key, arrived in (await reader.conn.execute(query)).all()]
            self._place = rows[-1][1] if len(rows) == MOST else 0
            if new := [key for key, _ in rows if key not in self._waits]:
                for key, name in await reader.select_in(parked, "key", new, columns=("key", "waits_for")):
                    self._waits[key] = Wait(self._sealer.open_bytes(f"parked {key}", bytes(name)).decode())
        return [row for row in rows if row[0] in self._waits]

    async def _ready(self, keys: Sequence[str]) -> list[str]:
        """Those whose name is taken now; and now and then the others, should a name have been foretold wrongly."""
        waits = {key: self._waits[key] for key in keys if key in self._waits}
        names = {wait.name for wait in waits.values() if wait.name}
        there = await self._desk.store.find(names) if names else {}
        clock = time.monotonic()
        return [k for k, w in waits.items() if clock >= (w.again if w.name in there else w.anyway)][:AT_ONCE]

    async def _try(self, keys: Collection[str]) -> set[str]:
        """Puts events to their doors again; the keys of those that need not wait any longer."""
        records = await self._records(keys)
        judged = await self._judging.judge(self._desk, [letter for _, letter in records])
        done = set[str]()
        async with self._database.begin() as tx:
            for (key, _), one in zip(records, judged, strict=True):
                metrics.events.labels(self._service, "inbound", f"parked_{one.status}").inc()
                if one.status != "parked":
                    done.add(key)
                elif one.waits_for == self._waits[key].name:
                    self._waits[key].in_vain()
                else:
                    self._waits[key] = Wait(one.waits_for)
                    name, _ = self._sealed(one)
                    await tx.conn.execute(update(parked).where(_p.key == key).values(waits_for=name))
            refused = [(key, one) for (key, _), one in zip(records, judged, strict=True) if not _settled(one)]
            await self._refuse(tx, refused)
            await self._leave(tx, done)
        return done

    async def _expire(self, keys: Sequence[str]) -> int:
        for start in range(0, len(keys), AT_ONCE):
            records = await self._records(keys[start : start + AT_ONCE])
            async with self._database.begin() as tx:
                await self._refuse(tx, [(key, Judged(letter, "parked")) for key, letter in records], "never_came")
                await self._leave(tx, keys[start : start + AT_ONCE])
        return len(keys)

    async def _records(self, keys: Collection[str]) -> list[tuple[str, Letter | Unfit]]:
        async with self._database.read() as reader:
            rows = await reader.select_in(parked, "key", keys, columns=("key", "arrived", "record"))
        sealed = [(key, bytes(raw)) for key, _, raw in _by_arrival(rows)]
        return [(key, read_record(unpack(self._sealer.open_bytes(f"parked {key}", raw)))[0]) for key, raw in sealed]

    async def _refuse(self, tx: Transaction, refused: Sequence[tuple[str, Judged]], reason: str = "") -> None:
        now = self._clock.now()
        rows = [
            self._entries.inbound(
                one.letter.record, ("parked", key), reason or one.reason, one.fault, one.letter.type, key, now
            )
            for key, one in refused
        ]
        for row in rows:
            _log.error("quarantined", service=self._service, consumer="inbound", reason=row.reason, entry=row.id)
        await self._entries.write(tx, rows)

    async def _leave(self, tx: Transaction, keys: Collection[str]) -> None:
        if keys:
            await tx.conn.execute(delete(parked).where(_p.key.in_(sorted(keys))))
        for key in keys:
            self._waits.pop(key, None)

    def _sealed(self, one: Judged) -> tuple[bytes, bytes]:
        key = self.digest(one.letter.key)
        seal = self._sealer.seal_bytes
        return seal(f"parked {key}", one.waits_for.encode()), seal(f"parked {key}", pack(one.letter.record))


def _settled(one: Judged) -> bool:
    return one.status in ("appended", "already", "parked")


def _by_arrival(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (row[1], row[0]))
