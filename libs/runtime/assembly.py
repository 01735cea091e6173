"""Puts one service together: its store and doors, its relay, its consumers, its HTTP app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError

from libs.events import catalogue
from libs.events.clock import Clock, SystemClock
from libs.events.consuming import Progress, Projector, Reactions, Views
from libs.events.desk import Desk
from libs.events.identities import Identities
from libs.events.inbox import InboundConsumer, Inbox
from libs.events.log import Log
from libs.events.relay import Relay
from libs.events.service import Definition, Periodic, Platform
from libs.events.settings import Settings
from libs.events.store.engine import SqlStore
from libs.events.store.epochs import current_epoch
from libs.events.store.opening import open_database
from libs.events.store.outbox import PostgresOutbox, open_outbox
from libs.events.vault import LocalKeyProvider, SqlVault
from libs.migrations import migrate
from libs.migrations.views import Guard
from libs.runtime.secrets import Secrets

Loop = tuple[str, Callable[[], Awaitable[Any]]]
ROLES = ("api", "relay", "worker")
_log = structlog.get_logger()


@dataclass
class Assembled:
    """One service in this process."""

    definition: Definition
    platform: Platform
    store: SqlStore
    inbox: Inbox
    relay: Relay
    views: Views
    projectors: Sequence[Projector]
    inbound: InboundConsumer | None
    log: Log
    ready: bool = False

    async def start(self, *, create: bool = True) -> None:
        """Makes what is missing in the database, and what the service always has."""
        if create:
            for line in await migrate(self.platform.database, self.definition.views(self.platform)):
                _log.info("migrated", service=self.definition.name, done=line)
        if isinstance(self.relay.outbox, PostgresOutbox):
            await self.relay.outbox.prepare()
        self.store.in_epoch(await current_epoch(self.platform.database))
        calls = self.definition.at_start(self.platform)
        if calls:
            await self.platform.desk.perform_all(calls)
        self.ready = True

    def loops(self, roles: Sequence[str]) -> list[Loop]:
        """The background loops of these roles."""
        name = self.definition.name
        found: list[Loop] = []
        if "relay" in roles:
            found.append((f"{name} relay", self.relay.run))
        if "worker" in roles:
            found += [(f"{name} {p.consumer}", p.run) for p in self.projectors]
            if self.inbound:
                found.append((f"{name} inbox", self.inbound.run))
            for periodic in self.definition.periodics(self.platform):
                found.append((f"{name} {periodic.name}", partial(again_and_again, periodic)))
        return found

    async def readiness(self, roles: Sequence[str]) -> list[str]:
        """What is missing before the service can serve."""
        missing = [] if self.ready else ["start"]
        try:
            async with self.platform.database.read() as reader:
                await reader.rows("SELECT 1")
        except Exception:
            missing.append("database")
        if "worker" in roles:
            consumers: list[Projector | InboundConsumer] = [*self.projectors, *([self.inbound] if self.inbound else [])]
            missing += [f"consumer {c.consumer}" for c in consumers if not c.assigned]
        return missing

    async def close(self) -> None:
        """Lets go of the database."""
        await self.platform.database.close()


def assemble(
    definition: Definition, settings: Settings, secrets: Secrets, log: Log, clock: Clock | None = None
) -> Assembled:
    """Wires one service; nothing is started or connected yet."""
    clock = clock or SystemClock()
    name = definition.name
    database = open_database(settings.database(name), settings.pool_size)
    provider = LocalKeyProvider(secrets.master)
    relay = Relay(name, catalogue.TOPICS[name], open_outbox(database, settings.relay_shards), log)
    store = SqlStore(
        name, database, definition.decider, SqlVault(name, provider), clock, secrets.identity,
        shards=settings.relay_shards, remember=timedelta(days=settings.idempotency_days), on_append=relay.wake,
    )  # fmt: skip
    identities = Identities(secrets.identity)
    classes = definition.classes(database)
    desk = Desk(store, identities, clock, classes)
    sealer = provider.service_key(name)
    platform = Platform(name, settings, database, store, desk, identities, clock, _NotYet())
    folds = definition.views(platform)
    views = Views([Guard(database.dialect, folds), *folds])
    heard = [service for service, topic in catalogue.TOPICS.items() if topic in views.topics]
    progress = Progress(name, database, heard)
    platform.progress = progress
    reactions = Reactions(
        name, definition.reactions(platform), store, clock, settings.reaction_days, wake=relay.wake, classes=classes,
    )  # fmt: skip
    projectors = [
        Projector(name, consumer, log, database, handler, sealer, clock, settings, listener=listener)
        for consumer, handler, listener in (("views", views, progress), ("reactions", reactions, None))
        if handler.topics
    ]
    inbox = Inbox(definition, platform, sealer, described)
    inbound = InboundConsumer(inbox, log, catalogue.INBOUND[name]) if name in catalogue.INBOUND else None
    return Assembled(definition, platform, store, inbox, relay, views, projectors, inbound, log)


def described(model: type[BaseModel], error: ValidationError) -> list[dict[str, str]]:
    """What is wrong with an event's data, told as of any other body."""
    from libs.web.invalid import body_problems

    return [{k: str(v) for k, v in param.items()} for param in body_problems(model, error)]


async def again_and_again(periodic: Periodic) -> None:
    """Runs something periodic until cancelled."""
    while True:
        if not await periodic.run():
            await asyncio.sleep(periodic.every)


class _NotYet:
    async def caught_up(self, position: Any, within: timedelta) -> bool:
        return False

    async def level(self, within: timedelta) -> int:
        return 0
