"""The care service as its callers see it: its app on a real store, with views and reactions that follow at once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import select

from libs.events.catalogue import TOPICS, type_of
from libs.events.clock import FixedClock
from libs.events.desk import Desk
from libs.events.envelope import Event
from libs.events.identities import Identities
from libs.events.service import Platform
from libs.events.settings import Settings
from libs.events.store import schema
from libs.events.store.codec import event_of
from libs.events.units import Outcome, Position
from libs.events.values import Data
from libs.web.app import build_app
from libs.web.keys import create_key
from libs.web.settings import WebSettings
from services.care.app import SERVICE
from tests.support.stores import open_store

NOW = datetime(2026, 3, 13, 12, tzinfo=UTC)
LAN, MINH = "0d1b4c3e-1111-8222-8333-444455556666", "0d1b4c3e-1111-8222-8333-777788889999"


@dataclass
class Office:
    """One running care service."""

    platform: Platform
    clock: FixedClock
    http: httpx.AsyncClient
    seen: dict[str, int] = field(default_factory=dict)

    async def follow(self) -> None:
        """Views take all facts that they have not seen."""
        column = schema.events.c
        async with self.platform.database.read() as reader:
            rows = (await reader.conn.execute(select(schema.events).order_by(column.subject, column.sequence))).all()
        new = [event_of(r, "care", orjson.loads(r.data)) for r in rows if r.sequence > self.seen.get(r.subject, 0)]
        self.seen |= {event.subject: event.sequence for event in new}
        await self._views(new)

    async def hear(self, subject: str, data: Data, service: str, at: datetime = NOW) -> list[Outcome]:
        """Another service's fact: views take it, reactions answer it."""
        event = self.fact(subject, data, service, at)
        await self._views([event])
        return await self.react(event)

    def fact(self, subject: str, data: Data, service: str, at: datetime = NOW) -> Event:
        """A fact as another service tells it."""
        kind = type_of(type(data))
        return Event(
            id=str(uuid.uuid4()), type=kind.name, version=kind.version, service=service, subject=subject, sequence=1,
            time=at, recorded=at, key="k", data=data.model_dump(mode="json", exclude_unset=True),
        )  # fmt: skip

    async def react(self, event: Event) -> list[Outcome]:
        """What the reactions make of a fact."""
        topic = TOPICS[event.service]
        policies = [r for r in SERVICE.reactions(self.platform) if (r.topic, r.type) == (topic, event.type)]
        classes = SERVICE.classes(self.platform.database)
        known = (await classes.of([event.subject])).get(event.subject) if classes else None
        units = [u for p in policies for u in p.react(event, self.clock.now(), known if p.classed else None)]
        return await self.platform.store.execute_all(units)

    async def _views(self, events: Sequence[Event]) -> None:
        async with self.platform.database.begin() as tx:
            for view in SERVICE.views(self.platform):
                await view.apply(tx, [e for e in events if TOPICS[e.service] in view.topics])

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a read that succeeds."""
        response = await self.http.get(path, params=params)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json()

    async def post(self, path: str, body: Any, status: int = 201, key: str = "") -> Any:
        """The JSON of a write that answers `status`."""
        response = await self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert response.status_code == status, (path, response.status_code, response.text)
        if status < 300:
            assert response.headers["event-position"]
        return response.json()

    async def refused(self, path: str, body: Any, status: int, code: str, pointer: str | None = None) -> None:
        """The write is refused so."""
        problem = await self.post(path, body, status)
        params = problem.get("invalid_params", [])
        assert code in {problem["code"], *(p["code"] for p in params)}, problem
        assert pointer is None or pointer in [p["pointer"] for p in params], problem


@dataclass
class AtOnce:
    """Progress of views that follow whenever somebody waits."""

    office: Office | None = None

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        assert self.office
        await self.office.follow()
        return True

    async def level(self, within: timedelta) -> int:
        return 0


@asynccontextmanager
async def open_office(url: str, folder: Path) -> AsyncIterator[Office]:
    """A care service on the database at `url`."""
    clock, progress, identities = FixedClock(NOW), AtOnce(), Identities(b"s" * 32)
    async with open_store(url, clock=clock, decider=SERVICE.decider, service="care") as opened:
        platform = Platform(
            service="care", settings=Settings(DATA_DIR=folder), database=opened.database, store=opened.store,
            desk=Desk(opened.store, identities, clock, SERVICE.classes(opened.database)), identities=identities,
            clock=clock, progress=progress,
        )  # fmt: skip
        for view in SERVICE.views(platform):
            await opened.database.create(view.tables)

        async def ready() -> Sequence[str]:
            return ()

        app = build_app(SERVICE, platform, ready, settings=WebSettings(access_log=0))
        key = create_key(folder / "keys.json", "clerk", NOW)
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://care", headers=headers) as client:
            progress.office = Office(platform, clock, client)
            yield progress.office

