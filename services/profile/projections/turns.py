"""Workers take turns at a person: facts of one person's ids lie on several partitions, and so with several workers.

What a person shows is folded from the rows of all their ids. Of two workers who hear of two ids at once, each would
miss what the other is about to write, and the later one would write it over. So this comes before all other read
models, and locks the ids of the batch and all that answer for them: whoever holds them sees what was written before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from services.profile.projections.customers import customers

metadata = MetaData()
turns = Table("profile_turns", metadata, Column("subject", Text, primary_key=True))
EDGES = frozenset({"customer.merged", "customer.unmerged"})
_LINK = ("subject", "survivor", "created", "stage")
Links = dict[str, Any]
"""Rows of the list by subject, as far as they are links."""


class Turns:
    """No read model, but what lets read models be folded side by side."""

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        told = {event.subject for event in events if event.type.startswith("customer.")}
        told |= {event.data["survivor"] for event in events if event.type in EDGES}
        held: set[str] = set()
        links = await climbed(tx, told)
        while wanted := (told | links.keys()) - held:
            await _hold(tx, wanted)
            held |= wanted
            links = await climbed(tx, told)  # what was seen before may have changed while others had their turn


async def climbed(tx: Transaction, subjects: Iterable[str]) -> Links:
    """The subjects, and all ids on the way to those that answer for them, as far as the list has them."""
    links: Links = {}
    frontier = set(subjects)
    while frontier:
        found = select(*(customers.c[name] for name in _LINK)).where(customers.c.subject.in_(sorted(frontier)))
        new = {row.subject: row for row in (await tx.conn.execute(found)).all()}
        links |= new
        frontier = {row.survivor for row in new.values() if row.survivor} - links.keys()
    return links


async def _hold(tx: Transaction, subjects: Collection[str]) -> None:
    """Waits until nobody else holds these, and holds them until the transaction ends; even such as are in no list yet:
    somebody else may be about to put them there."""
    rows = [(subject,) for subject in sorted(subjects)]
    await tx.insert(turns, rows)
    here = select(turns.c.subject).where(turns.c.subject.in_(sorted(subjects))).order_by(turns.c.subject)
    await tx.conn.execute(here.with_for_update())
