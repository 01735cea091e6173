"""The inbox of one service: what `POST /v1/events/…` and the inbound topic share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from libs.events.consuming.entries import Entries, Sealer
from libs.events.consuming.tables import quarantine
from libs.events.inbox.judging import Judged, Judging, command_name
from libs.events.inbox.parking import Parking
from libs.events.inbox.parsing import Letter, Unfit, read_object
from libs.events.inbox.tables import parked
from libs.events.inbox.telling import Describe, result, silent
from libs.events.service import Definition, Platform
from libs.events.store.within import RolledBack

CONSUMER = "inbound"


class Inbox:
    """Takes events for one service.

    `sealer` seals what is parked or quarantined; `describe` says what is wrong with an event's data, for callers.
    """

    def __init__(
        self, definition: Definition, platform: Platform, sealer: Sealer, describe: Describe = silent
    ) -> None:
        self.platform, self.sealer, self._describe = platform, sealer, describe
        self.judging = Judging(definition.doors, platform.identities)
        self.entries = Entries(CONSUMER, sealer, timedelta(days=platform.settings.quarantine_days))
        self.parking = Parking(
            platform.service, platform.database, self.judging, platform.desk, sealer, self.entries, platform.clock,
            platform.settings.parked_hours, platform.identities.secret,
        )  # fmt: skip

    async def judge(self, letters: Sequence[Letter | Unfit]) -> list[Judged]:
        """Puts events to the doors; nothing is parked or quarantined yet."""
        return await self.judging.judge(self.platform.desk, letters)

    async def take(self, events: Sequence[Mapping[str, Any]], dry_run: bool = False) -> list[dict[str, Any]]:
        """Takes CloudEvents, in order; a result for each (`{index, status, id?, position?, problem?}`).

        One that came too early is parked, as from the topic; what is wrong otherwise is told and not kept. With
        `dry_run` nothing is kept at all. Raises `StoreUnavailable`.
        """
        letters = [read_object(event) for event in events]
        if dry_run:
            judged = await self._rehearse(letters)
        else:
            judged = [await self._identified(j) for j in await self.judge(letters)]
            early = [j for j in judged if j.status == "parked"]
            if early:
                async with self.platform.database.begin() as tx:
                    await self.parking.park(tx, early)
        return [result(i, j, self._describe) for i, j in enumerate(judged)]

    async def status(self, source: str, id: str) -> dict[str, Any]:
        """What became of the event of this source and id: `{status, position?, reason?}`."""
        key = f"{source} {id}"
        name = command_name(key)
        if found := (await self.platform.store.find([name])).get(name):
            return {"status": "appended", "position": found.token()}
        digest = self.parking.digest(key)
        q = quarantine.c
        async with self.platform.database.read() as reader:
            if (await reader.conn.execute(select(parked.c.key).where(parked.c.key == digest))).first():
                return {"status": "parked", "reason": "not_yet"}  # what it refers to has not come
            query = select(q.reason).where(q.key == digest).order_by(q.created.desc()).limit(1)
            if row := (await reader.conn.execute(query)).first():
                return {"status": "quarantined", "reason": row.reason}
        return {"status": "unknown"}

    async def _identified(self, judged: Judged) -> Judged:
        """With the id of what it made when it came first: a batch does not look those facts up."""
        if judged.status != "already" or judged.id or not judged.position:
            return judged
        at = judged.position
        (fact,) = await self.platform.store.history(at.subject, at.sequence - 1, 1)
        return replace(judged, id=fact.data.get(judged.makes, ""))

    async def _rehearse(self, letters: Sequence[Letter | Unfit]) -> list[Judged]:
        """Everything is decided as it would be, under the same locks, and then rolled back."""
        platform, judged = self.platform, list[Judged]()
        try:
            async with platform.database.begin() as tx:
                judged = await self.judging.judge(platform.desk.within(tx), letters)
                raise RolledBack
        except RolledBack:
            return judged
