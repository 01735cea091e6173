"""A toy service: things that are named and bought, on a store in memory, so that `libs.web` is tested by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import httpx
from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from libs.events.catalogue.customers import CustomerPurchased
from libs.events.clock import FixedClock
from libs.events.decider import Absent, Happened, NewEvent, Plain, Refused
from libs.events.desk import Desk
from libs.events.doors import Call, Door
from libs.events.envelope import Event
from libs.events.identities import Identities
from libs.events.service import Definition, Platform
from libs.events.settings import Settings
from libs.events.store import Store, StoreUnavailable
from libs.events.units import Answer, Loaded, Outcome, Position, Receipt, Unit, Verdict, refused
from libs.events.values import Body, Moment, Money, Text
from libs.web import documents
from libs.web.answers import answer
from libs.web.app import build_app
from libs.web.bodies import read
from libs.web.etags import if_match
from libs.web.keys import create_key
from libs.web.paths import CustomerId
from libs.web.positions import After, caught_up
from libs.web.settings import WebSettings
from libs.web.times import AsOf
from libs.web.writing import write

NOW = datetime(2026, 3, 13, tzinfo=UTC)
CUSTOMER = "0d1b4c3e-1111-8222-8333-444455556666"


class Card(Body):
    kind: Literal["card"]
    number: Annotated[str, Field(pattern=r"^\d{4}$")]


class Cash(Body):
    kind: Literal["cash"]
    notes: list[int]


class PurchaseBody(Body):
    """Something was bought."""

    order: Text
    amount: Money
    paid: Annotated[Card | Cash, Field(discriminator="kind")] | None = None
    labels: dict[str, Text] = Field(default_factory=dict)
    custom: dict[str, Any] = Field(default_factory=dict)
    lines: list[Money] = Field(default_factory=list)
    either: int | list[Money] | None = None
    at: Moment | None = None


class PurchaseAnswer(BaseModel):
    """The purchase as it was taken."""

    customer: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy(Plain):
    order: str
    amount: Money
    expected: Callable[[int], bool] = lambda version: True

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"order:{subject}:{self.order}",)


class ToyState(BaseModel):
    orders: list[str] = []


class ToyDecider:
    version = 1
    state = ToyState

    def initial(self) -> ToyState:
        return ToyState()

    def evolve(self, state: ToyState, event: Happened) -> ToyState:
        return ToyState(orders=[*state.orders, cast(CustomerPurchased, event.data).order][-5:])

    def decide(self, command: Buy, state: ToyState) -> list[NewEvent]:
        if not command.expected(len(state.orders)):
            raise Refused("version_mismatch", "changed since", {"current": len(state.orders)})
        match command.order:
            case "refused":
                raise Refused("out_of_order", "not as things stand", {"state": "spotted", "possible": ["correction"]})
            case "absent":
                raise Absent("no_such_thing", "there is no such thing")
            case "broken":
                raise RuntimeError("text with a SECRET in it")
            case "unavailable":
                raise StoreUnavailable("at SECRET host")
        return [NewEvent(CustomerPurchased(order=command.order, amount=command.amount))]


@dataclass
class MemoryStore:
    """Just enough of a store."""

    service: str = "profile"
    decider: ToyDecider = field(default_factory=ToyDecider)
    states: dict[str, tuple[ToyState, int]] = field(default_factory=dict)
    names: dict[str, Position] = field(default_factory=dict)
    receipts: dict[str, tuple[bytes, Answer, Position | None]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    pause: asyncio.Event | None = None

    async def execute(self, unit: Unit) -> Outcome:
        if self.pause:
            await self.pause.wait()
        if unit.receipt and (known := self.receipts.get(unit.receipt.key)):
            if known[0] != unit.receipt.fingerprint:
                return Outcome(mismatch=True)
            return Outcome(answer=known[1], replayed=True, position=known[2])
        verdicts = [self._one(unit, i) for i in range(len(unit.requests))]
        if any(not v.accepted for v in verdicts):
            return Outcome(tuple(verdicts))
        given = unit.receipt.position if unit.receipt else None
        position = verdicts[-1].position if verdicts else given
        made = unit.receipt.render(verdicts) if unit.receipt else None
        if unit.receipt and made:
            self.receipts[unit.receipt.key] = (unit.receipt.fingerprint, made, position)
        return Outcome(tuple(verdicts), answer=made, position=position)

    async def answered(self, receipt: Receipt) -> Outcome | None:
        known = self.receipts.get(receipt.key)
        if known is None:
            return None
        if known[0] != receipt.fingerprint:
            return Outcome(mismatch=True)
        return Outcome(answer=known[1], replayed=True, position=known[2])

    def _one(self, unit: Unit, index: int) -> Verdict:
        request = unit.requests[index]
        if request.subject in self.erased:
            return Verdict("erased", refusal=Refused("erased", "erased", {"anew": True}))
        unique = request.command.unique(request.subject)
        if taken := next((self.names[n] for n in (request.name, *unique) if n in self.names), None):
            return Verdict("already", taken)
        state, sequence = self.states.get(request.subject, (self.decider.initial(), 0))
        try:
            new = self.decider.decide(cast(Buy, request.command), state)
        except Refused as refusal:
            return refused(refusal)
        for n in new:
            sequence += 1
            state = self.decider.evolve(state, Happened(n.data, request.command.at, sequence))
        self.states[request.subject] = (state, sequence)
        position = Position(self.service, request.subject, sequence)
        self.names |= dict.fromkeys((request.name, *unique), position)
        return Verdict("appended", position, state=state)

    async def execute_all(self, units: Sequence[Unit]) -> list[Outcome]:
        return [await self.execute(u) for u in units]

    async def execute_in(self, tx: Any, units: Sequence[Unit]) -> list[Outcome]:
        return await self.execute_all(units)

    async def load(self, subjects: Iterable[str]) -> dict[str, Loaded]:
        return {s: Loaded(*self.states.get(s, (ToyState(), 0))) for s in subjects}

    async def find(self, names: Iterable[str]) -> dict[str, Position]:
        return {n: self.names[n] for n in names if n in self.names}

    async def history(self, subject: str, after: int = 0) -> list[Event]:
        return []


@dataclass
class ToyProgress:
    reached: bool = True

    async def caught_up(self, position: Position, within: timedelta) -> bool:
        return self.reached

    async def level(self, within: timedelta) -> int:
        return 0


def _buy(call: Call[PurchaseBody]) -> Unit:
    return call.unit(Buy(at=call.at, order=call.body.order, amount=call.body.amount))


BUY: Door[PurchaseBody] = Door("customer.purchased", PurchaseBody, _buy, customer=lambda body: None)


def routers(platform: Platform) -> list[APIRouter]:
    router = APIRouter(tags=["customers"])

    @router.post(
        "/v1/customers/{customer}/purchases",
        **documents.writes(PurchaseBody, PurchaseAnswer, "Records a purchase", 404, 410),
    )
    async def purchase(request: Request, customer: CustomerId) -> Response:
        body = await read(request, PurchaseBody)
        return await write(
            request, platform, BUY, body, customer=customer,
            render=lambda verdicts: {"customer": customer, "order": body.order},
        )  # fmt: skip

    @router.patch("/v1/customers/{customer}", **documents.changes(PurchaseBody, PurchaseAnswer, "Changes a customer"))
    async def change(request: Request, customer: CustomerId) -> Response:
        expected = if_match(request)
        body = await read(request, PurchaseBody)
        door = replace(BUY, unit=lambda call: call.unit(
            Buy(at=call.at, order=call.body.order, amount=call.body.amount, expected=expected.matches)
        ))  # fmt: skip
        return await write(
            request, platform, door, body, customer=customer, created=200, if_match=expected,
            render=lambda verdicts: {"customer": customer, "order": body.order},
        )  # fmt: skip

    @router.get("/v1/customers/{customer}", **documents.reads(ToyState, "Reads a customer", 404))
    async def get(customer: CustomerId, after: After = None, as_of: AsOf = None) -> Response:
        await caught_up(platform, after)
        loaded = (await platform.store.load([customer]))[customer]
        if not loaded.sequence:
            raise Absent("unknown_customer", "there is no such customer")
        return answer(loaded.state, version=loaded.sequence)

    @router.get("/v1/failing", include_in_schema=False)
    async def failing(size: Annotated[int, Query(ge=1)] = 1) -> Response:
        raise ValueError("text with a SECRET in it")

    return [router]


DEFINITION = Definition(
    name="profile", decider=ToyDecider(), doors=(BUY,), views=lambda p: (), reactions=lambda p: (), routers=routers
)


@dataclass
class Toy:
    """The toy service, its parts, and a client with a key."""

    platform: Platform
    store: MemoryStore
    progress: ToyProgress
    clock: FixedClock
    app: FastAPI
    key: str
    missing: list[str]

    def client(self, **headers: str) -> httpx.AsyncClient:
        return client(self.app, Authorization=f"Bearer {self.key}", **headers)


def client(app: Any, **headers: str) -> httpx.AsyncClient:
    """A client of an ASGI app; an exception that the app lets out is not hidden."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://toy", headers=headers)


def make(folder: Path, definition: Definition = DEFINITION, extra: Sequence[APIRouter] = ()) -> Toy:
    """A fresh toy service whose keys lie in `folder`."""
    settings = Settings(DATA_DIR=folder)
    clock, store, progress = FixedClock(NOW), MemoryStore(definition.name), ToyProgress()
    identities = Identities(b"s" * 32)
    platform = Platform(
        service=definition.name, settings=settings, database=cast(Any, None), store=cast(Store, store),
        desk=Desk(cast(Store, store), identities, clock), identities=identities, clock=clock, progress=progress,
    )  # fmt: skip
    key_file = folder / "keys.json"
    key = create_key(key_file, definition.name, NOW)
    missing: list[str] = []

    async def readiness() -> Sequence[str]:
        return missing

    app = build_app(definition, platform, readiness, settings=WebSettings(access_log=0), routers=extra)
    return Toy(platform, store, progress, clock, app, key, missing)
