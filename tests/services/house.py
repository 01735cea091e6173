"""One service as its callers see it: its app on a real store, with views and reactions that follow at once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
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
from libs.events.decider import NotYet
from libs.events.desk import Asked, Desk
from libs.events.doors import EVENT, Caller
from libs.events.envelope import Event
from libs.events.identities import Identities
from libs.events.service import Definition, Platform
from libs.events.settings import Settings
from libs.events.store import schema
from libs.events.store.codec import event_of
from libs.events.units import Outcome, Position
from libs.events.values import Data
from libs.web.app import build_app
from libs.web.keys import create_key
from libs.web.settings import WebSettings
from tests.support.stores import open_store

NOW = datetime(2026, 3, 13, 12, tzinfo=UTC)


@dataclass
class House:
    """One running service."""

    definition: Definition
    platform: Platform
    clock: FixedClock
    http: httpx.AsyncClient
    seen: dict[str, int] = field(default_factory=dict)

    async def facts(self) -> list[Event]:
        """All facts, each subject's in order, sealed as they are told to others."""
        column = schema.events.c
        async with self.platform.database.read() as reader:
            rows = (await reader.conn.execute(select(schema.events).order_by(column.subject, column.sequence))).all()
        return [event_of(r, self.definition.name, orjson.loads(r.data)) for r in rows]

    async def follow(self) -> None:
        """Views take all facts that they have not seen."""
        new = [e for e in await self.facts() if e.sequence > self.seen.get(e.subject, 0)]
        self.seen |= {event.subject: event.sequence for event in new}
        await self.fold(new)

    async def fold(self, events: Iterable[Event]) -> None:
        """Views take these facts."""
        async with self.platform.database.begin() as tx:
            for view in self.definition.views(self.platform):
                await view.apply(tx, [e for e in events if TOPICS[e.service] in view.topics])

    async def hear(self, subject: str, data: Data, service: str, at: datetime = NOW) -> list[Outcome]:
        """Another service's fact: views take it, reactions answer it."""
        kind = type_of(type(data))
        event = Event(
            id=str(uuid.uuid4()), type=kind.name, version=kind.version, service=service, subject=subject, sequence=1,
            time=at, recorded=at, key="k", data=data.model_dump(mode="json", exclude_unset=True),
        )  # fmt: skip
        await self.fold([event])
        policies = self.definition.reactions(self.platform)
        answering = [r for r in policies if (r.topic, r.type) == (TOPICS[service], event.type)]
        units = [unit for policy in answering for unit in policy.react(event, self.clock.now(), None)]
        return await self.platform.store.execute_all(units)

    async def publish(
        self, kind: str, data: dict[str, Any], subject: str = "", at: str = "", key: str = ""
    ) -> Outcome:
        """Another system's event, taken through the same door as HTTP."""
        door = next(d for d in self.definition.doors if d.event == kind)
        body = door.body.model_validate_json(orjson.dumps(data | ({"at": at} if at else {})))
        return await self.platform.desk.perform(Asked(door, body, Caller(EVENT, key or str(uuid.uuid4())), subject))

    async def publish_all(self, events: Iterable[tuple[str, dict[str, Any], str, str]]) -> None:
        """Many events; those that come too early are tried again when something came. All are taken in the end."""
        waiting: list[tuple[str, dict[str, Any], str, str]] = []
        for event in events:
            waiting.append(event)
            moved = True
            while moved:
                moved = False
                for early in list(waiting):
                    refusal = (await self.publish(*early)).refusal
                    if refusal is None:
                        waiting.remove(early)
                        moved = True
                    else:
                        assert isinstance(refusal.refusal, NotYet), refusal
                        assert refusal.refusal.waits_for
        assert waiting == []

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a read that succeeds."""
        response = await self.http.get(path, params=params)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json()

    async def post_read(self, path: str, body: Any) -> Any:
        """The JSON of a question that travels in a body."""
        response = await self.http.post(path, json=body)
        assert response.status_code == 200, (path, response.status_code, response.text)
        return response.json()

    async def post(self, path: str, body: Any, status: int = 201, key: str = "") -> Any:
        """The JSON of a write that answers `status`."""
        response = await self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert response.status_code == status, (path, response.status_code, response.text)
        if status < 300:
            assert response.headers["event-position"]
        return response.json()

    async def refused(self, path: str, body: Any, status: int, code: str, pointer: str | None = None) -> Any:
        """The write is refused so; answers the problem."""
        problem = await self.post(path, body, status)
        params = problem.get("invalid_params", [])
        assert code in {problem["code"], *(p["code"] for p in params)}, problem
        assert pointer is None or pointer in [p["pointer"] for p in params], problem
        return problem


@dataclass
class AtOnce:
    """Progress of views that follow whenever somebody waits."""

    house: House | None = None

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        assert self.house
        await self.house.follow()
        return True

    async def level(self, within: timedelta) -> int:
        assert self.house
        await self.house.follow()
        return 0


@asynccontextmanager
async def open_house(definition: Definition, folder: Path, url: str = "") -> AsyncIterator[House]:
    """A service on the database at `url` (default: a file in `folder`)."""
    clock, progress, identities = FixedClock(NOW), AtOnce(), Identities(b"s" * 32)
    url = url or f"sqlite+aiosqlite:///{folder}/{definition.name}.db"
    async with open_store(url, clock=clock, decider=definition.decider, service=definition.name) as opened:
        platform = Platform(
            service=definition.name, settings=Settings(DATA_DIR=folder), database=opened.database, store=opened.store,
            desk=Desk(opened.store, identities, clock, definition.classes(opened.database)), identities=identities,
            clock=clock, progress=progress,
        )  # fmt: skip
        for view in definition.views(platform):
            await opened.database.create(view.tables)

        async def ready() -> Sequence[str]:
            return ()

        app = build_app(definition, platform, ready, settings=WebSettings(access_log=0))
        key = create_key(folder / "keys.json", "clerk", NOW)
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as client:
            progress.house = House(definition, platform, clock, client)
            yield progress.house
