"""The customers, one row an id: what they are listed and filtered by, and whose id answers for whom.

A row keeps the fold of its own facts without their personal members; what is shown of the surviving row is that of the
whole person, folded anew whenever one of its ids hears something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, MetaData, Select, Table, Text, delete, select

from libs.events import catalogue
from libs.events.catalogue import customers as facts
from libs.events.decider import Happened
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant, from_micros
from services.profile.domain.evolve import evolve
from services.profile.domain.persons import joined
from services.profile.domain.state import Customer

metadata = MetaData()
customers = Table(
    "profile_customers",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("survivor", Text),  # the id that this one was merged into
    Column("listed", Boolean),  # whether it is a person of its own
    Column("created", Instant),  # when its first fact was recorded: never changes, so lists are ordered by it
    Column("since", Instant),  # when the first thing happened that is known of the person
    Column("kind", Text),
    Column("stage", Text),
    Column("value_class", Text),
    Column("owner", Text),
    Column("source", Text),
    Column("department", Text),
    Column("paying", Boolean),
    Column("vip", Boolean),
    Column("state", Text),  # the fold of this id's facts
    Index("profile_customers_survivor", "survivor"),
    Index("profile_customers_created", "listed", "created", "subject"),
)
FILTERS = ("kind", "stage", "value_class", "owner", "source", "department")
States = dict[str, Customer]


class Customers:
    """The read model of customers."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata
    fold = 3

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Folds the batch in memory: two reads and a write where nobody was merged, however many facts there are."""
        events = [event for event in events if event.type.startswith("customer.")]
        known = _Known(tx)
        await known.load({event.subject for event in events})
        erased, parted = set[str](), set[str]()
        for event in events:
            before = known.states.get(event.subject)
            if before and before.merged_into:
                parted.add(before.merged_into)
            if event.type == "customer.erased":
                erased.add(event.subject)
                known.states.pop(event.subject, None)
            else:
                known.fold(event)
        if erased:
            await tx.conn.execute(delete(customers).where(customers.c.subject.in_(sorted(erased))))
        changed = {event.subject for event in events} - erased
        await known.load(parted - known.states.keys() - erased)
        changed |= parted & known.states.keys()
        await tx.upsert(customers, [known.row(subject) for subject in sorted(await known.persons(changed, erased))])


class _Known:
    """The rows that a batch touches, while it is folded."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.states: States = {}
        self._created: dict[str, datetime] = {}
        self._shown: dict[str, Customer] = {}

    async def load(self, subjects: Collection[str], column: str = "subject") -> None:
        """Reads rows that were not read yet."""
        wanted = ("subject", "created", "state")
        for subject, created, state in await self._tx.select_in(customers, column, sorted(subjects), columns=wanted):
            if subject not in self._created:
                self.states[subject] = Customer.model_validate_json(state)
                self._created[subject] = from_micros(created)

    def fold(self, event: Event) -> None:
        """Takes one fact."""
        subject = event.subject
        self._created.setdefault(subject, event.recorded)
        self.states[subject] = evolve(self.states.get(subject) or Customer(), impersonal(event))

    async def persons(self, changed: Collection[str], erased: Collection[str]) -> set[str]:
        """The rows to write: those that changed, and the surviving ones of their persons, present and past."""
        write = set(changed)
        onward = {s for s in (self.states[c].merged_into for c in changed) if s}
        while onward := onward - write - set(erased):
            await self.load(onward - self.states.keys())
            onward &= self.states.keys()
            write |= onward
            onward = {s for s in (self.states[o].merged_into for o in onward) if s}
        below = set(write)
        while below:
            await self.load(below, "survivor")
            below = {s for s, state in self.states.items() if state.merged_into in below} - write
        for subject in write:
            self._shown[subject] = joined(self.states[subject], members_of(subject, self.states))
        return write

    def row(self, subject: str) -> tuple[Any, ...]:
        """A row in the order of the table's columns."""
        state, person = self.states[subject], self._shown[subject]
        record = person.record
        return (
            subject, state.merged_into, state.known and state.merged_into is None, self._created[subject], person.since,
            person.kind, person.stage, person.value_class, record.get("owner"), record.get("source"),
            record.get("department"), record.get("paying"), person.is_vip,
            state.model_dump_json(exclude_defaults=True),
        )  # fmt: skip


def impersonal(event: Event) -> Happened:
    """A fact without its personal members, which are sealed here."""
    kind = catalogue.find(event.type)
    data: dict[str, Any] = {name: value for name, value in event.data.items() if name not in kind.personal}
    data |= {name: "" for name in kind.personal if kind.model.model_fields[name].is_required()}
    return Happened(kind.model.model_validate(data), event.time, event.sequence, event.id, event.key)


def members_of(survivor: str, states: Mapping[str, Customer]) -> States:
    """Those of the states that were merged into a survivor, directly or not."""
    found: States = {}
    frontier = {survivor}
    while frontier:
        frontier = {s for s, c in states.items() if c.merged_into in frontier} - found.keys() - {survivor}
        found |= {s: states[s] for s in frontier}
    return found


async def merged_into(reader: Reader, survivors: Iterable[str]) -> dict[str, list[str]]:
    """For each survivor the ids that were merged into it, directly or not."""
    whose = {survivor: survivor for survivor in survivors}
    found: dict[str, list[str]] = {survivor: [] for survivor in whose}
    frontier: set[str] = set(whose)
    while frontier:
        rows = await reader.select_in(customers, "survivor", sorted(frontier), columns=("subject", "survivor"))
        frontier = set()
        for subject, survivor in rows:
            if subject not in whose:
                whose[subject] = whose[survivor]
                found[whose[survivor]].append(subject)
                frontier.add(subject)
    return {survivor: sorted(ids) for survivor, ids in found.items()}


def listed(vip: bool | None = None, **equal: str | None) -> Select[Any]:
    """Persons with columns equal to what is given, to be ordered by `created` and `subject`."""
    query = select(*(customers.c[name] for name in ("subject", *FILTERS))).where(customers.c.listed)
    for name, value in equal.items():
        if value is not None:
            query = query.where(customers.c[name] == value)
    if vip is not None:
        query = query.where(customers.c.vip == vip)
    return query


def into_nobody(limit: int) -> Select[Any]:
    """Ids that were merged into one that has no row (any more), with it."""
    other = customers.alias()
    there = select(other.c.subject).where(other.c.subject == customers.c.survivor).exists()
    query = select(customers.c.subject, customers.c.survivor)
    return query.where(customers.c.survivor.is_not(None), ~there).order_by(customers.c.survivor).limit(limit)
