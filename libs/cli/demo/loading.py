"""Tells a world to the services, through the doors that everybody has."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from libs.cli.demo.answers import form
from libs.cli.demo.care import Promised
from libs.cli.demo.label import Told
from libs.cli.demo.world import World
from libs.cli.sending.lanes import Parcel, pour
from libs.cli.sending.sender import NotServed, Sender
from libs.cli.sending.verdicts import ACCEPTED, Verdict
from libs.events.values import rfc3339

AT_ONCE = 16
"""Single calls in flight."""
JSON = "application/json"
KEPT = "promise.kept"


@dataclass(slots=True)
class Loaded:
    """What was told: events by type and status, and for each door and subject the last position to wait for."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    positions: dict[tuple[str, str], str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def tell(self, told: Told, verdict: Verdict) -> None:
        """One event's verdict."""
        self.counts[told.type, verdict.status] += 1
        if verdict.position:
            self.positions[told.door, told.whose] = verdict.position
        for fault in verdict.faults if verdict.status not in ACCEPTED else ():
            self.faults[f"{told.type}: {fault.code} {fault.pointer} {fault.message}"] += 1


@dataclass(slots=True)
class Loading:
    """One loading. `step` hears of each part, before and as it is told."""

    sender: Sender
    step: Callable[[str], None] = lambda what: None
    loaded: Loaded = field(default_factory=Loaded)

    async def load(self, world: World) -> Loaded:
        """Tells all of it. Raises `GaveUp` or `NotServed`."""
        self.step(f"{len(world.purchases):,} real purchases")
        await self._events(world.purchases)
        self.step("a survey, care, contacts and answers, generated")
        survey = await self._survey()
        answers = [replace(a, data=a.data | {"survey": survey}) for a in world.answers]
        await self._events([*world.deliveries, *world.contacts, *answers])
        self.step("promises, generated")
        await self._events(await self._promises(world.promised))
        self.step("complaints and their steps, generated")
        for wave in world.complaints.waves:
            await self._events(wave)
        return self.loaded

    async def _events(self, events: Sequence[Told]) -> None:
        def told(parcels: Sequence[Parcel[Told]], verdicts: Sequence[Verdict]) -> None:
            for parcel, verdict in zip(parcels, verdicts, strict=True):
                self.loaded.tell(parcel.known_as, verdict)

        await pour((Parcel(e.door, e.whose, e.encode(), e) for e in events), self.sender, told)

    async def _survey(self) -> str:
        answer = await self.sender.post("/v1/surveys", orjson.dumps(form()), JSON, "demo survey")
        if answer.status_code not in (200, 201):
            raise NotServed(f"the survey could not be published ({answer.status_code})")
        return str(orjson.loads(answer.content)["id"])

    async def _promises(self, promised: Sequence[Promised]) -> list[Told]:
        """Tells of contacts one by one, since the answer to each names its promises; answers what was kept."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(promise: Promised) -> Told | None:
            contact = promise.contact
            body = {"at": rfc3339(contact.at), **contact.data}
            async with free:
                answer = await self.sender.post("/v1/touchpoints", orjson.dumps(body), JSON, promise.key)
            if answer.status_code not in (200, 201):
                raise NotServed(f"a contact could not be told ({answer.status_code})")
            new = answer.status_code == 201 and "idempotent-replayed" not in answer.headers
            position = answer.headers.get("event-position", "")
            self.loaded.tell(contact, Verdict("appended" if new else "already", position=position))
            if promise.kept is None:
                return None
            made = orjson.loads(answer.content)["promises"][0]["id"]
            return Told(KEPT, f"{contact.id} kept", promise.kept, {"promise": made}, contact.subject)

        kept = await asyncio.gather(*(one(p) for p in promised))
        return [k for k in kept if k]
