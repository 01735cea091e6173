"""The read model everything is folded from: facts as they were told, and who is the same person as whom.

It only ever inserts, so a late fact costs what a timely one does; the fold happens when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import delete, select, update

from libs.events import catalogue
from libs.events.envelope import Event
from libs.events.store.database import Transaction
from services.scoring.domain.fact import Fact
from services.scoring.projections.tables import erasures, facts, links, metadata, touched

TELLING = frozenset({
    "survey.answered", "customer.purchased", "customer.lost", "customer.won_back", "customer.merged",
    "customer.unmerged", "complaint.spotted", "complaint.corrected", "complaint.reopened", "complaint.withdrawn",
})  # fmt: skip
"""Facts that may change a level or a tier."""


class Facts:
    """Keeps facts, links between subjects of one person, erasures, and who was touched."""

    topics = tuple(catalogue.TOPICS[name] for name in ("profile", "care", "complaints"))
    tables = metadata
    fold = 2

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Inserts what is new."""
        events = await _of_this_life(tx, events)
        # bound here, not by the column types: this is the path of every fact there is
        # an offset and a sequence stand for each: one that is there already is a fault, and not to be passed over
        await tx.append(facts, [_row(event) for event in events])
        for event in events:
            if event.type in _CHANGES:
                await _CHANGES[event.type](tx, event)
        telling = {
            subject: e for e in events if e.type in TELLING for subject in _touches(e)
            if not subject.startswith("anonymous:")
        }  # fmt: skip
        await tx.upsert(touched, [(subject, e.id, e.time) for subject, e in telling.items()])


def _touches(event: Event) -> tuple[str, ...]:
    """Whose level an event may change: when two are parted, both of them."""
    survivor = event.data.get("survivor") if event.type in ("customer.merged", "customer.unmerged") else None
    return (event.subject, survivor) if survivor else (event.subject,)


def _row(event: Event) -> tuple[object, ...]:
    fact = Fact.of(event)
    data = event.raw if event.raw and fact.data is event.data else orjson.dumps(fact.data)
    return (
        fact.subject, fact.service, fact.sequence, fact.id, fact.epoch, fact.type, fact.version, fact.time,
        fact.recorded, fact.key, fact.cause, data, fact.canonical,
    )  # fmt: skip


async def _of_this_life(tx: Transaction, events: Sequence[Event]) -> Sequence[Event]:
    """A restored store goes on in a new epoch: what its former life told under the same numbers it does not know any
    more, and neither may we, whether that was kept before or comes in this very batch."""
    if not any(event.epoch for event in events):
        return events
    kept: list[Event] = []
    begun: set[tuple[str, str, int]] = set()
    for event in events:
        life = event.service, event.subject, event.epoch
        if event.epoch and life not in begun:  # its first one has the lowest number
            begun.add(life)
            kept = [e for e in kept if not _replaces(event, e)]
            await _forget(tx, event)
        kept.append(event)
    return kept


def _replaces(event: Event, other: Event) -> bool:
    same = (event.service, event.subject) == (other.service, other.subject)
    return same and other.epoch < event.epoch and other.sequence >= event.sequence


async def _forget(tx: Transaction, event: Event) -> None:
    column = facts.c
    lost = (
        column.subject == event.subject, column.service == event.service,
        column.sequence >= event.sequence, column.epoch < event.epoch,
    )  # fmt: skip
    for kind, data in (await tx.conn.execute(select(column.type, column.data).where(*lost))).all():
        # an erasure stays: who was forgotten is forgotten in every life
        if kind == "customer.merged":
            await tx.conn.execute(delete(links).where(links.c.merge == orjson.loads(data)["merge"]))
        elif kind == "customer.unmerged":
            again = update(links).where(links.c.merge == orjson.loads(data)["merge"])
            await tx.conn.execute(again.values(until=None))
    await tx.conn.execute(delete(facts).where(*lost))


async def _merged(tx: Transaction, event: Event) -> None:
    merge, survivor = event.data["merge"], event.data["survivor"]
    rows = [
        (event.subject, merge, survivor, 0, event.recorded, None),
        (survivor, merge, event.subject, 1, event.recorded, None),
    ]
    await tx.upsert(links, rows)


async def _unmerged(tx: Transaction, event: Event) -> None:
    both = links.c.subject.in_([event.subject, event.data["survivor"]])
    undone = update(links).where(both, links.c.merge == event.data["merge"])
    await tx.conn.execute(undone.values(until=event.recorded))


async def _erased(tx: Transaction, event: Event) -> None:
    await tx.upsert(erasures, [(event.subject, event.recorded)])
    await tx.conn.execute(delete(touched).where(touched.c.subject == event.subject))


_CHANGES = {"customer.merged": _merged, "customer.unmerged": _unmerged, "customer.erased": _erased}
