"""Made people and facts: the same for everything that is compared."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson

from libs.events.catalogue import TOPICS, type_of
from libs.events.catalogue.care import AnswerItem, Scale, SurveyAnswered
from libs.events.catalogue.customers import CustomerPurchased
from libs.events.envelope import HEADERS, Event
from libs.events.log import Log, Outgoing
from libs.events.units import Request, Unit
from libs.events.values import Data, Money
from services.profile.domain.commands import Purchase, Record

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DIMENSIONS = ("reliability", "assurance", "tangibles", "empathy", "responsiveness")
PUBLISHED_AT_ONCE = 5000
PAID = Money(amount=Decimal("12.50"), currency="USD")
_FORM = Scale(lowest=1, highest=5)
_dice = random.Random(20260302)


def ids(count: int) -> list[str]:
    """Customers' ids."""
    return [str(uuid.UUID(int=_dice.getrandbits(128), version=4)) for _ in range(count)]


def buying(subject: str, order: str) -> Unit:
    """A purchase, which opens a bare record where the customer is not known."""
    command = Purchase(at=AT, order=order, amount=PAID, create=True)
    return Unit((Request(subject, command, f"bench {order}", order),))


def naming(subject: str) -> Unit:
    """A customer with a name and an address, as POST /v1/customers makes one."""
    members = {"kind": "external", "name": f"An {subject[:6]}", "emails": [f"{subject[:8]}@example.com"]}
    command = Record(at=AT, members=members, subject=subject, anew=True)
    return Unit((Request(subject, command, f"naming {subject}", subject),))


def facts(count: int, people: list[str], answers: float = 1 / 3) -> Iterator[Event]:
    """Purchases and survey answers of these people, at random, each person's in order."""
    numbers: dict[tuple[str, str], int] = {}
    for nth in range(count):
        subject = _dice.choice(people)
        data: Data = answered() if _dice.random() < answers else bought(nth)
        kind = type_of(type(data))
        service = "care" if isinstance(data, SurveyAnswered) else "profile"
        number = numbers[service, subject] = numbers.get((service, subject), 0) + 1
        at = AT + timedelta(seconds=nth)
        yield Event(
            id=ids(1)[0], type=kind.name, version=kind.version, service=service, subject=subject, sequence=number,
            time=at, recorded=at, key=f"{nth:032x}", data=data.model_dump(mode="json", exclude_unset=True),
        )  # fmt: skip


def bought(nth: int) -> CustomerPurchased:
    """A purchase."""
    paid = Money(amount=Decimal(_dice.randrange(100, 20000)) / 100, currency="USD")
    return CustomerPurchased(order=f"o-{nth}", amount=paid)


def answered() -> SurveyAnswered:
    """An answer about all five dimensions."""
    items = [
        AnswerItem(item=f"q{n}", dimension=name, scale=_FORM, perception=_dice.randint(1, 5), expectation=5)
        for n, name in enumerate(DIMENSIONS)
    ]
    survey, answer = ids(2)
    return SurveyAnswered(answer=answer, survey=survey, form=1, items=items, nps=_dice.randint(0, 10), staff="s-1")


def head(event: Event) -> bytes:
    """An event's attributes as the outbox keeps them."""
    return "\0".join(event.attributes()).encode()


def outgoing(event: Event) -> Outgoing:
    """An event's record."""
    headers = [(name, value.encode()) for name, value in zip(HEADERS, event.attributes(), strict=True) if value]
    return Outgoing(event.subject.encode(), orjson.dumps(event.data), headers)


async def publish(log: Log, events: Iterator[Event]) -> None:
    """Puts facts on the topics of their services."""
    waiting: dict[str, list[Outgoing]] = {}
    for event in events:
        records = waiting.setdefault(TOPICS[event.service], [])
        records.append(outgoing(event))
        if len(records) == PUBLISHED_AT_ONCE:
            await log.publish(TOPICS[event.service], waiting.pop(TOPICS[event.service]))
    for topic, records in waiting.items():
        await log.publish(topic, records)
