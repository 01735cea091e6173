"""What customers have in common with one another, as keyed tokens: no value can be read from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, MetaData, Table, Text, delete, func, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.database import Reader, Transaction
from services.profile.likeness import tokens
from services.profile.settings import settings

metadata = MetaData()
likenesses = Table(
    "profile_likenesses",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    Column("subject", Text, primary_key=True),
    Index("profile_likenesses_subject", "subject"),
)
TELLING = frozenset({"customer.recorded", "customer.updated", "customer.erased"})


class Likenesses:
    """The read model of what records have in common.

    Tokens are made of plain values, which only the store can open: it is asked for the record as it is now. That may be
    newer than the fact at hand; then the newer fact, too, is on its way here, and finds everything done.
    """

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        subjects = {event.subject for event in events if event.type in TELLING}
        if not subjects:
            return
        secret, region = self._platform.identities.secret, settings().region
        loaded = await self._platform.store.load(subjects)
        await tx.conn.execute(delete(likenesses).where(likenesses.c.subject.in_(sorted(subjects))))
        rows = [
            (token, subject) for subject in sorted(subjects)
            for token in tokens(loaded[subject].state.record, secret, region)
        ]  # fmt: skip
        await tx.insert(likenesses, rows)


async def alike(reader: Reader, reasons: Mapping[bytes, str], common: int) -> dict[str, set[str]]:
    """Who has one of these tokens, with the reasons; tokens that more than `common` have are passed over."""
    counted = (
        select(likenesses.c.token, func.count())
        .where(likenesses.c.token.in_(list(reasons)))
        .group_by(likenesses.c.token)
        .having(func.count() <= common)
    )
    telling: Collection[Any] = [bytes(token) for token, _ in (await reader.conn.execute(counted)).all()]
    found: dict[str, set[str]] = {}
    for token, subject in await reader.select_in(likenesses, "token", telling) if telling else ():
        found.setdefault(subject, set()).add(reasons[bytes(token)])
    return found
