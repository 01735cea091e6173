"""An inbox on every database engine, with one door, fed by a log in memory or by calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Table, select

from libs.events.clock import FixedClock
from libs.events.consuming import Progress
from libs.events.consuming import metadata as consuming_metadata
from libs.events.consuming.quarantine import Quarantine
from libs.events.decider import NotYet
from libs.events.desk import Desk
from libs.events.doors import Call, Door
from libs.events.identities import Identities
from libs.events.inbox import InboundConsumer, Inbox, metadata
from libs.events.log import Outgoing
from libs.events.service import Definition, Platform
from libs.events.settings import Settings
from libs.events.units import Unit
from libs.events.values import Body, Label, Moment, Money
from libs.events.vault import SubjectKey
from tests.contracts.conftest import database_url
from tests.support.facts import FakeLog
from tests.support.shop import AT, Buy, Fail, Shop
from tests.support.stores import SECRET, Opened, open_store

__all__ = ["database_url"]
TOPIC = "careledger.inbound.customers"
IDENTITIES = Identities(SECRET)


class Purchase(Body):
    order: Label
    amount: Money
    customer: Label | None = None
    refund_of: Label | None = None
    at: Moment | None = None


class Step(Body):
    by: Label


def purchase(call: Call[Purchase]) -> Unit:
    body = call.body
    return call.unit(Buy(at=call.at, order=body.order, amount=str(body.amount.amount), refund_of=body.refund_of))


def later(call: Call[Step]) -> Unit:
    if f"item:{call.body.by}:0" not in call.found:
        raise NotYet("unknown_order", "there is no such order", waits_for=f"item:{call.body.by}:0")
    return call.unit(Buy(at=call.at, order=f"step-{call.body.by}"))


DOORS: tuple[Door[Any], ...] = (
    Door("customer.purchased", Purchase, purchase),
    Door("customer.won_back", Step, later, lookups=lambda b: (f"item:{b.by}:0",)),
    Door("customer.lost", Step, lambda call: call.unit(Fail(at=call.at, refuse=call.body.by != "bug"))),
)


@dataclass
class Office:
    """An inbox and all around it."""

    opened: Opened
    inbox: Inbox
    log: FakeLog
    consumer: InboundConsumer
    clock: FixedClock
    quarantine: Quarantine
    platform: Platform
    definition: Definition

    def publish(self, *events: dict[str, Any] | Outgoing, partition: int = 0) -> None:
        out = [e if isinstance(e, Outgoing) else structured(e) for e in events]
        self.log.put(*out, topic=TOPIC, partition=partition)

    async def drain(self, times: int = 3) -> None:
        for _ in range(times):
            self.inbox.parking._next = self.consumer._mending._next = 0
            await self.consumer.step(0)

    async def history(self, reference: str = "pos:1") -> list[str]:
        facts = await self.opened.store.history(IDENTITIES.of_reference(reference))
        return [f.data["order"] for f in facts]

    async def status(self, event_id: str) -> str:
        told: str = (await self.inbox.status("/shop", event_id))["status"]
        return told

    async def rows(self, table: Table) -> list[Any]:
        async with self.opened.database.read() as reader:
            return list((await reader.conn.execute(select(table))).all())

    def restarted(self) -> Office:
        """The same after a restart: nothing of the process is left."""
        inbox = Inbox(self.definition, self.platform, self.inbox.sealer)
        consumer = InboundConsumer(inbox, self.log, TOPIC)
        return Office(
            self.opened, inbox, self.log, consumer, self.clock, self.quarantine, self.platform, self.definition
        )


def event(event_id: str, kind: str = "customer.purchased", subject: str = "pos:1", **data: Any) -> dict[str, Any]:
    """An event of the shop."""
    if kind == "customer.purchased":
        data = {"order": event_id, "amount": {"amount": "1.00", "currency": "USD"}} | data
    return {
        "specversion": "1.0", "id": event_id, "source": "/shop", "type": f"careledger.{kind}", "subject": subject,
        "time": "2026-03-01T09:00:00Z", "data": data,
    }  # fmt: skip


def structured(told: Any, kind: str = "application/cloudevents+json") -> Outgoing:
    return Outgoing(b"k", orjson.dumps(told), [("content-type", kind.encode())])


def binary(told: dict[str, Any]) -> Outgoing:
    headers = [(f"CE_{n}", str(v).encode()) for n, v in told.items() if n != "data"]
    return Outgoing(b"k", orjson.dumps(told["data"]), [*headers, ("Content-Type", b"application/json")])


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    clock = FixedClock(AT + timedelta(days=1))
    async with open_store(database_url, clock=clock) as opened:
        for tables in (consuming_metadata, metadata):
            await opened.database.create(tables)
        platform = Platform(
            "profile", Settings(), opened.database, opened.store, Desk(opened.store, IDENTITIES, clock), IDENTITIES,
            clock, Progress("profile", opened.database, set()),
        )  # fmt: skip
        definition = Definition("profile", Shop(), DOORS, lambda p: (), lambda p: (), lambda p: ())
        log, sealer = FakeLog(), SubjectKey.new()
        inbox = Inbox(definition, platform, sealer)
        consumer = InboundConsumer(inbox, log, TOPIC)
        quarantine = Quarantine(opened.database, sealer, clock)
        yield Office(opened, inbox, log, consumer, clock, quarantine, platform, definition)
