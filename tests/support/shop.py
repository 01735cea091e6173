"""A small decider on real facts, for tests of the machinery around it: customers who are named and who buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from libs.events.catalogue.customers import CustomerPurchased, CustomerRecorded, CustomerUpdated
from libs.events.decider import Happened, NewEvent, NotYet, Plain, Refused
from libs.events.units import Request, Unit
from libs.events.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Plain):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy(Plain):
    order: str
    amount: str = "1.00"
    refund_of: str | None = None
    times: int = 1
    opening: bool = False

    def unique(self, subject: str) -> tuple[str, ...]:
        return (f"order:{subject}:{self.order}",)

    def needs(self, subject: str) -> tuple[str, ...]:
        return (f"order:{subject}:{self.refund_of}",) if self.refund_of else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Plain):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(Plain):
    refuse: bool = True


class ShopState(BaseModel):
    name: str | None = None
    bought: int = 0
    spent: Decimal = Decimal(0)


class Shop:
    version = 1
    state = ShopState

    def initial(self) -> ShopState:
        return ShopState()

    def evolve(self, state: ShopState, event: Happened) -> ShopState:
        match event.data:
            case CustomerPurchased(amount=amount):
                return state.model_copy(update={"bought": state.bought + 1, "spent": state.spent + amount.amount})
            case CustomerRecorded(name=name) | CustomerUpdated(name=name):
                return state.model_copy(update={"name": name})
        return state

    def decide(self, command: object, state: ShopState) -> list[NewEvent]:
        match command:
            case Name(name=name):
                if state.name == name:
                    return []
                return [NewEvent((CustomerUpdated if state.name else CustomerRecorded)(kind="external", name=name))]
            case Buy(order=order, amount=amount, times=times):
                money = Money(amount=Decimal(amount), currency="USD")
                orders = [f"{order}.{i}" if i else order for i in range(times)]
                first = command.opening and not state.bought
                opening = [NewEvent(CustomerRecorded(bare=True), aside=True)] if first else []
                return opening + [
                    NewEvent(CustomerPurchased(order=o, amount=money), (f"item:{order}:{i}",))
                    for i, o in enumerate(orders)
                ]
            case Fail(refuse=True):
                raise Refused("no", "never")
            case Fail():
                raise RuntimeError("a bug in the domain")
        return []


def one(subject: str, command: object, key: str, *, erases: bool = False) -> Unit:
    """A unit of one request."""
    return Unit((Request(subject, command, f"test {key}", key, erases=erases),))  # type: ignore[arg-type]


AT = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
__all__ = ["AT", "Buy", "Fail", "Forget", "Name", "NotYet", "Shop", "ShopState", "one"]
