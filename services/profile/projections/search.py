"""What persons are found by, as keyed tokens: no value can be read from them.

A posting says that a person has a token. Postings of one token lie in the order of places, and a person's place is the
same in all of them, made of the moment at which their record was made: so a search reads the shortest list from the
newest to the oldest, looks each person up in the others, and stops when its page is full.

A person's tokens are posted under the id that answers for them; ids that were merged into it have none of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text, bindparam, delete, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.database import Transaction
from libs.events.store.instants import to_micros
from services.profile.projections.customers import merged_into
from services.profile.projections.turns import EDGES, Links, climbed
from services.profile.search.tokens import of_person, packed, unpacked
from services.profile.settings import settings

metadata = MetaData()
postings = Table(
    "profile_postings",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
searched = Table(
    "profile_searched",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("place", BigInteger),
    Column("stage", Text),  # as the list had it when the tokens were made
    Column("tokens", LargeBinary),  # so that only what changed is written
    Index("profile_searched_place", "place", unique=True),
)
FIRST, LAST = -(2**63), 2**63 - 1
"""Before and after all places."""
_HASHED = 22
_QUIET = frozenset({"customer.purchased", "customer.acquired", "customer.occasion_neared"})
"""Facts that change nothing a person is found by but, perhaps, the stage: by far the most frequent ones."""


def place(created: int, subject: str, attempt: int) -> int:
    """Where a person lies among all: by the millisecond since 2020, within it anywhere. `created` is in microseconds
    since 1970."""
    digest = hashlib.sha256(f"{attempt} {subject}".encode()).digest()
    return ((created // 1000 - 1_577_836_800_000) << _HASHED) | int.from_bytes(digest[:4], "big") >> 32 - _HASHED


class Search:
    """The read model of searching. It reads the list of customers as that stands in the same transaction.

    Tokens are made of plain values, which only the store can open: it is asked for the record as it is now. That may be
    newer than the fact at hand; then the newer fact, too, is on its way here, and finds everything done.
    """

    topics: tuple[str, ...] = (facts.TOPIC,)
    tables = metadata

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        events = [event for event in events if event.type.startswith("customer.")]
        told = {event.subject for event in events if event.type not in _QUIET}
        told |= {event.data["survivor"] for event in events if event.type in EDGES}
        told |= await _moved(tx, {event.subject for event in events} - told)
        if not told:
            return
        links = await climbed(tx, told)
        rows = await tx.conn.execute(select(searched).where(searched.c.subject.in_(sorted(told | links.keys()))))
        held = {row.subject: row for row in rows}
        tokens = await self._tokens(tx, [subject for subject, link in links.items() if link.survivor is None])
        await _write(tx, links, held, tokens)

    async def _tokens(self, tx: Transaction, persons: Collection[str]) -> dict[str, frozenset[int]]:
        ids = {person: [person, *below] for person, below in (await merged_into(tx, persons)).items()}
        loaded = await self._platform.store.load({subject for all_ids in ids.values() for subject in all_ids})
        secret, region = self._platform.identities.secret, settings().region
        return {
            person: of_person({s: loaded[s].state for s in all_ids}, person, secret, region)
            for person, all_ids in ids.items()
        }


async def _moved(tx: Transaction, subjects: Collection[str]) -> set[str]:
    """Those of the subjects whose person's stage is no longer the one they are found by."""
    links = await climbed(tx, subjects)
    rows = await tx.select_in(searched, "subject", sorted(links), columns=("subject", "stage")) if links else ()
    known = dict(list(map(tuple, rows)))
    return {s for s, link in links.items() if link.survivor is None and known.get(s) != link.stage}


async def _placed(tx: Transaction, links: Links, held: Links) -> dict[str, int]:
    """The places of all who are in the list, free ones for those who have none."""
    places = {subject: row.place for subject, row in held.items()}
    homeless = links.keys() - places.keys()
    for attempt in count():  # two of one millisecond may come to the same 22 bits
        if not homeless:
            break
        wanted = {place(to_micros(links[s].created), s, attempt): s for s in sorted(homeless)}
        rows = await tx.select_in(searched, "place", sorted(wanted), columns=("place",))
        taken = {at for (at,) in rows} | set(places.values())
        found = {s: at for at, s in wanted.items() if at not in taken}
        places |= found
        homeless -= found.keys()
    return places


async def _write(tx: Transaction, links: Links, held: Links, tokens: Mapping[str, frozenset[int]]) -> None:
    """Makes the postings of these ids what they should be; who is not in the list is forgotten."""
    places = await _placed(tx, links, held)
    old = {subject: unpacked(row.tokens) for subject, row in held.items()}
    none = frozenset[int]()
    gone = [{"t": token, "p": held[s].place} for s in held for token in old[s] - tokens.get(s, none)]
    if gone:
        which = (postings.c.token == bindparam("t")) & (postings.c.place == bindparam("p"))
        await tx.conn.execute(delete(postings).where(which), gone)
    new = sorted((token, places[s]) for s in tokens for token in tokens[s] - old.get(s, none))
    await tx.insert(postings, new)
    await tx.upsert(searched, [(s, places[s], links[s].stage, packed(tokens.get(s, none))) for s in sorted(links)])
    if forgotten := sorted(held.keys() - links.keys()):
        await tx.conn.execute(delete(searched).where(searched.c.subject.in_(forgotten)))
