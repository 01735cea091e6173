"""Who consents to being asked in surveys, and who refuses: what each id said last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Boolean, Column, MetaData, Table, Text, select

from libs.events.catalogue import customers
from libs.events.envelope import Event
from libs.events.store.database import Reader, Transaction
from libs.events.store.instants import Instant
from services.care.projections.people import PEOPLE
from services.care.projections.rows import moment

SURVEY = "survey"
"""The purpose that customers consent to, or refuse, before they are asked."""
metadata = MetaData()
consents = Table(
    "care_survey_consents",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("granted", Boolean),
    Column("until", Instant),
    Column("at", Instant),
    Column("key", Text),
)


class Consents:
    """The read model of consents to surveys."""

    topics: tuple[str, ...] = (customers.TOPIC,)
    tables = metadata

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        said: dict[str, Event] = {}
        for event in events:
            if event.type == "customer.consented" and event.data["purpose"] == SURVEY:
                said[event.subject] = max(said.get(event.subject, event), event, key=lambda e: (e.time, e.key))
        stated = [(s, e.data["granted"], moment(e.data.get("until")), e.time, e.key) for s, e in said.items()]
        await tx.upsert(
            consents, sorted(stated, key=itemgetter(0)),
            where="(excluded.at, excluded.key) >= (care_survey_consents.at, care_survey_consents.key)",
        )  # fmt: skip


async def refusing(reader: Reader, subjects: Collection[str], now: datetime) -> set[str]:
    """Those of the subjects who said last, under whichever id, that they do not want to be asked in surveys."""
    whole = await PEOPLE.persons(reader, subjects)
    ids = {each for person in whole.values() for each in person}
    rows = (await reader.conn.execute(select(consents).where(consents.c.subject.in_(sorted(ids))))).all()
    said = {row.subject: row for row in rows}
    found = set()
    for subject, person in whole.items():
        last = max((said[s] for s in person if s in said), key=lambda row: (row.at, row.key), default=None)
        if last and not last.granted and (last.until is None or last.until > now):
            found.add(subject)
    return found
