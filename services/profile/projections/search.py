"""What persons are found by, as keyed tokens: no value can be read from them.

A posting says that a person has a token. Postings of one token lie in the order of places, and a person's place is the
same in all of them, made of the moment at which their record was made: so a search reads the shortest list from the
newest to the oldest, looks each person up in the others, and stops when its page is full.

A person's tokens are posted under the id that answers for them; ids that were merged into it have none of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text, bindparam, delete, select

from libs.events.catalogue import customers as facts
from libs.events.envelope import Event
from libs.events.service import Platform
from libs.events.store.database import Transaction
from libs.events.store.instants import to_micros
from services.profile.projections.customers import customers, merged_into
from services.profile.settings import settings
from services.profile.tokens import of_person, packed, unpacked

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
_EDGES = frozenset({"customer.merged", "customer.unmerged"})
_LINK = ("subject", "survivor", "created", "stage")
Links = dict[str, Any]
"""Rows by subject."""


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
        told |= {event.data["survivor"] for event in events if event.type in _EDGES}
        told |= await _moved(tx, {event.subject for event in events} - told)
        if not told:
            return
        links: Links = {}
        held: Links = {}
        while wanted := (told | links.keys()) - held.keys():
            # Two workers may hear of two ids of one person at once. Who holds the person's row sees what the other did:
            # only what is read after this is sure.
            held |= await _held(tx, wanted)
            links = await _climbed(tx, told)
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
    links = await _climbed(tx, subjects)
    rows = await tx.select_in(searched, "subject", sorted(links), columns=("subject", "stage")) if links else ()
    known = dict(list(map(tuple, rows)))
    return {s for s, link in links.items() if link.survivor is None and known.get(s) != link.stage}


async def _climbed(tx: Transaction, subjects: Iterable[str]) -> Links:
    """The subjects, and all ids on the way to those that answer for them, as far as the list has them."""
    links: Links = {}
    frontier = set(subjects)
    while frontier:
        found = select(*(customers.c[name] for name in _LINK)).where(customers.c.subject.in_(sorted(frontier)))
        new = {row.subject: row for row in (await tx.conn.execute(found)).all()}
        links |= new
        frontier = {row.survivor for row in new.values() if row.survivor} - links.keys()
    return links


async def _held(tx: Transaction, subjects: Collection[str]) -> Links:
    """The rows of subjects, locked until the transaction ends; made where there are none, even for whom the list does
    not have (yet): somebody else may be about to put them there."""
    await tx.insert(searched, [(subject, None, None, b"") for subject in sorted(subjects)])
    here = select(searched).where(searched.c.subject.in_(sorted(subjects))).order_by(searched.c.subject)
    return {row.subject: row for row in (await tx.conn.execute(here.with_for_update())).all()}


async def _placed(tx: Transaction, links: Links, held: Links) -> dict[str, int]:
    """The places of all who are in the list, free ones for those who have none."""
    places = {subject: held[subject].place for subject in links if held[subject].place is not None}
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
    new = {subject: tokens.get(subject, frozenset()) for subject in held}
    gone = [{"t": token, "p": held[s].place} for s in held for token in old[s] - new[s]]
    if gone:
        which = (postings.c.token == bindparam("t")) & (postings.c.place == bindparam("p"))
        await tx.conn.execute(delete(postings).where(which), gone)
    await tx.insert(postings, sorted((token, places[s]) for s in links for token in new[s] - old[s]))
    await tx.upsert(searched, [(s, places[s], links[s].stage, packed(new[s])) for s in sorted(links)])
    if forgotten := sorted(held.keys() - links.keys()):
        await tx.conn.execute(delete(searched).where(searched.c.subject.in_(forgotten)))
