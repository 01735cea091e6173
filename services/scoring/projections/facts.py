"""The read model everything is folded from: facts as they were told, and who is the same person as whom.

It only ever inserts, so a late fact costs what a timely one does; the fold happens when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import delete, update

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

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        """Inserts what is new."""
        await _replace_lost(tx, events)
        # bound here, not by the column types: this is the path of every fact there is
        await tx.insert(facts, [_row(Fact.of(event)) for event in events])
        for event in events:
            if event.type in _CHANGES:
                await _CHANGES[event.type](tx, event)
        telling = {e.subject: e for e in events if e.type in TELLING and not e.subject.startswith("anonymous:")}
        await tx.upsert(touched, [(subject, e.id, e.time) for subject, e in telling.items()])


def _row(fact: Fact) -> tuple[object, ...]:
    return (
        fact.subject, fact.service, fact.sequence, fact.id, fact.epoch, fact.type, fact.version, fact.time,
        fact.recorded, fact.key, fact.cause, orjson.dumps(fact.data), fact.canonical,
    )  # fmt: skip


async def _replace_lost(tx: Transaction, events: Iterable[Event]) -> None:
    """A restored store goes on in a new epoch: what its former life told under the same numbers it does not know any
    more, and neither may we."""
    for event in events:
        if event.epoch:
            await tx.conn.execute(
                delete(facts).where(
                    facts.c.subject == event.subject, facts.c.service == event.service,
                    facts.c.sequence >= event.sequence, facts.c.epoch < event.epoch,
                )
            )  # fmt: skip


async def _merged(tx: Transaction, event: Event) -> None:
    merge, survivor = event.data["merge"], event.data["survivor"]
    rows = [
        (event.subject, merge, survivor, 0, event.recorded, None),
        (survivor, merge, event.subject, 1, event.recorded, None),
    ]
    await tx.upsert(links, rows)


async def _unmerged(tx: Transaction, event: Event) -> None:
    undone = update(links).where(links.c.merge == event.data["merge"])
    await tx.conn.execute(undone.values(until=event.recorded))


async def _erased(tx: Transaction, event: Event) -> None:
    await tx.upsert(erasures, [(event.subject, event.recorded)])
    await tx.conn.execute(delete(touched).where(touched.c.subject == event.subject))


_CHANGES = {"customer.merged": _merged, "customer.unmerged": _unmerged, "customer.erased": _erased}
