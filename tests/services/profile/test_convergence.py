"""However statements about a customer are interleaved on their way: one record and one `state_hash` come of them."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.catalogue import type_of
from libs.events.decider import Happened, NotYet
from libs.events.envelope import Event
from libs.events.store.codec import sealed_data
from libs.events.testing import hour
from libs.events.values import Money
from libs.events.vault import SubjectKey
from services.profile.app import SERVICE
from services.profile.domain.commands import Acquire, Lose, Purchase, Record, WinBack
from services.profile.domain.decide import CustomerDecider
from services.profile.domain.state import Customer
from services.scoring.domain.fact import Fact, state_hash
from tests.services.house import House, open_house

ID = "0d1b4c3e-1111-8222-8333-444455556666"
TEN = {"amount": "10.00", "currency": "USD"}
DECIDER = CustomerDecider()
SOME = {
    "owner": st.sampled_from(["lan", "minh", None]),
    "source": st.sampled_from(["fair", "shop"]),
    "name": st.sampled_from(["Đỗ", "Mai", None]),
    "phones": st.sampled_from([["1"], ["1", "2"], []]),
    "kind": st.sampled_from(["external", "internal"]),
    "stage": st.sampled_from(["prospect", "active"]),
    "custom": st.none() | st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, 2, None])),
    "refs": st.lists(st.sampled_from(["pos:1", "crm:2", "web:3"]), unique=True),
}
MEMBERS = st.fixed_dictionaries({}, optional=SOME)


@dataclass(frozen=True)
class Published:
    """What one event asks; its key is its own."""

    n: int
    command: Any

    @property
    def key(self) -> str:
        return hashlib.sha256(f"erp {self.n}".encode()).hexdigest()[:32]


@dataclass
class Told:
    """One customer's store: what it knows, and what it tells."""

    state: Customer = field(default_factory=Customer)
    facts: list[Fact] = field(default_factory=list)

    def take(self, published: Published) -> bool:
        """Whether it could be taken already."""
        try:
            new = DECIDER.decide(published.command, self.state)
        except NotYet:
            return False
        for each in new:
            data, at, number = each.data, each.at or published.command.at, len(self.facts) + 1
            key = f"{published.key}.aside" if each.aside else published.key
            sealed = sealed_data(data, ID, SubjectKey.new())
            kind = type_of(type(data))
            self.facts.append(
                Fact.of(Event(f"{number}", kind.name, 1, "profile", ID, number, at, at, key, sealed))
            )
            self.state = DECIDER.evolve(self.state, Happened(data, at, number, f"{number}", key))
        return True

    def outcome(self) -> tuple[Customer, str]:
        """What is to be the same."""
        return self.state.model_copy(update={"version": 0}), state_hash(self.facts)


def told(published: list[Published]) -> Told:
    """In this order; what comes too early is tried again when something came, as the inbox does."""
    made, waiting = Told(), list[Published]()
    for each in published:
        waiting.append(each)
        while taken := next((early for early in waiting if made.take(early)), None):
            waiting.remove(taken)
    assert not waiting
    return made


def statement(n: int, at: datetime, members: dict[str, Any]) -> Published:
    command = Record(at=at, members=members, subject=ID, keyed=True, dated=True, published=True, by=f"erp{n}")
    return Published(n, command)


@st.composite
def histories(draw: st.DrawFn, apart: bool = True) -> list[Published]:
    """Statements and what else happened; `apart`: each at a moment of its own."""
    found = []
    for n, members in enumerate(draw(st.lists(MEMBERS, min_size=1, max_size=8))):
        found.append(statement(n, hour(n if apart else draw(st.integers(0, 2))), members))
    ref = draw(st.sampled_from(["", "pos:1", "web:3"]))
    if draw(st.booleans()):
        ten = Money.model_validate(TEN)
        found.append(Published(100, Purchase(at=hour(2.5), order="o", amount=ten, create=True, ref=ref)))
    if draw(st.booleans()):
        found.append(Published(101, Acquire(at=hour(1.5), channel="shop", create=True, ref=ref)))
    if draw(st.booleans()):
        found.append(Published(102, Lose(at=hour(3.5), subject=ID, reason="moved", create=True, ref=ref)))
        if draw(st.booleans()):
            back = WinBack(at=hour(4.5), subject=ID, approach="call", by="lan", outcome="came", create=True)
            found.append(Published(103, back))
    return found


@settings(max_examples=200, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_comes_to_the_same(history: list[Published], chance: random.Random) -> None:
    assert told(chance.sample(history, len(history))).outcome() == told(history).outcome()


@settings(max_examples=200, deadline=None)
@given(histories(apart=False), st.randoms(use_true_random=False))
def test_of_one_moment_the_greater_key_counts(history: list[Published], chance: random.Random) -> None:
    assert told(chance.sample(history, len(history))).outcome() == told(history).outcome()


def test_the_tie_is_broken_by_the_key_alone() -> None:
    one, other = statement(1, hour(1), {"owner": "lan"}), statement(2, hour(1), {"owner": "minh"})
    last = max((one, other), key=lambda each: each.key)
    for order in ([one, other], [other, one]):
        assert told(order).state.record["owner"] == last.command.members["owner"]


def test_another_statement_is_another_hash() -> None:
    one = [statement(1, hour(1), {"owner": "lan"}), statement(2, hour(2), {"owner": "minh"})]
    other = [statement(1, hour(1), {"owner": "lan"}), statement(2, hour(2), {"owner": "lan"})]
    assert told(one).outcome() != told(other).outcome()


async def test_the_same_through_the_door(tmp_path: Path) -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("customer.recorded", {"ref": "pos:1", "kind": "external", "owner": "lan", "name": "An", "stage": "prospect"}),
        ("customer.recorded", {"ref": "pos:1", "owner": "minh", "source": "fair"}),
        ("customer.recorded", {"ref": "pos:1", "owner": "lan", "stage": "active", "refs": ["crm:1"]}),
        ("customer.purchased", {"customer": "pos:1", "order": "o", "amount": TEN}),
    ]
    came = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]):
        folder = tmp_path / "".join(map(str, order))
        folder.mkdir()
        async with open_house(SERVICE, folder) as house:
            for n in order:
                kind, data = events[n]
                at = (hour(0) + timedelta(days=n)).isoformat()
                await house.publish(kind, data, at=at, key=f"erp {n}")
            came.append(await outcome(house))
    assert came[0][0]["owner"] == "lan"
    assert all(each == came[0] for each in came)


async def outcome(house: House) -> tuple[Any, str]:
    """What its callers see, and the hash of its facts."""
    await house.follow()
    (listed,) = (await house.get("/v1/customers"))["items"]
    return listed, state_hash(map(Fact.of, await house.facts()))
