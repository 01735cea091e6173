"""Finding persons by their tokens (see `search`), a page at a time.

The same statements on every database, each with one shape of plan: the list of the rarest group is read in order, the
others are looked into for each person on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select

from libs.events.store.database import Reader
from services.profile.projections.search import FIRST, LAST, postings, searched

Group = frozenset[int]
"""Tokens, one of which a person must have."""
LOOK = 1000
"""So much of a list is read to learn how long it is, or else how dense."""
COUNTED = 10_000
"""More than these are not counted."""


async def page(
    reader: Reader, groups: Collection[Group], *, beyond: int | None, descending: bool, limit: int
) -> list[tuple[str, int]]:
    """Persons who have a token of each group, with their places, in order, from `beyond` on."""
    start = beyond if beyond is not None else LAST if descending else FIRST
    ordered = await _rarest_first(reader, list(dict.fromkeys(groups)), start, descending)
    if not ordered:
        return []
    inner, values = _places(ordered, start, descending, limit)
    way = "DESC" if descending else "ASC"
    joined = f"SELECT s.subject, s.place FROM ({inner}) f JOIN profile_searched s ON s.place = f.place"
    rows = await reader.rows(f"{joined} ORDER BY s.place {way}", *values)
    return [(subject, place) for subject, place in rows]


async def counted(reader: Reader, groups: Collection[Group]) -> int:
    """How many have a token of each group; `COUNTED` + 1 where they are more."""
    ordered = await _rarest_first(reader, list(dict.fromkeys(groups)), LAST, True)
    if not ordered:
        return 0
    inner, values = _places(ordered, LAST, True, COUNTED + 1)
    ((found,),) = await reader.rows(f"SELECT count(*) FROM ({inner}) f", *values)
    return int(found)


async def _rarest_first(reader: Reader, groups: list[Group], start: int, descending: bool) -> list[tuple[int, ...]]:
    """The groups without tokens that nobody has, the rarest first; nothing where one has none left.

    Of two lists that are longer than a look, the rarer is the one that gets farther in as many persons: lists lie in
    the same order, so how far that is tells how dense each is where the search will read it."""
    if len(groups) == 1:
        return [tuple(sorted(groups[0]))]
    tokens = sorted({token for group in groups for token in group})
    values = [value for number, token in enumerate(tokens) for value in (number, token, start, LOOK)]
    rows = await reader.rows(_look(len(tokens), descending), *values)
    looks = {tokens[number]: (found, abs(end - start)) for number, found, end in rows if found}
    ranked = []
    for group in groups:
        there = sorted(group & looks.keys())
        if not there:
            return []
        reaches = [reach for found, reach in map(looks.__getitem__, there) if found == LOOK]
        rank = (1, -min(reaches)) if reaches else (0, sum(looks[token][0] for token in there))
        ranked.append((rank, tuple(there)))
    return [group for _, group in sorted(ranked)]


def _places(groups: Sequence[tuple[int, ...]], start: int, descending: bool, limit: int) -> tuple[str, list[int]]:
    first, *others = groups
    rest = [token for group in others for token in group]
    values = [value for token in first for value in (token, start, *rest, limit)]
    statement = _reading(len(first), tuple(len(group) for group in others), descending)
    return statement, [*values, *([limit] if len(first) > 1 else [])]


@lru_cache(256)
def _look(tokens: int, descending: bool) -> str:
    far, beyond, way = ("min", "<", "DESC") if descending else ("max", ">", "ASC")
    part = f"SELECT place FROM profile_postings WHERE token = ? AND place {beyond} ? ORDER BY place {way} LIMIT ?"
    look = f"SELECT CAST(? AS INTEGER), count(*), {far}(place) FROM ({part}) a"
    return " UNION ALL ".join([look] * tokens)


@lru_cache(1024)
def _reading(tokens: int, others: tuple[int, ...], descending: bool) -> str:
    """Where the first group has several tokens, each one's list is read by itself, as far as a page may need it."""
    beyond, way = ("<", "DESC") if descending else (">", "ASC")
    looks = "".join(
        f" AND EXISTS (SELECT 1 FROM profile_postings o WHERE o.place = p.place AND o.token IN ({', '.join('?' * n)}))"
        for n in others
    )
    one = (
        f"SELECT p.place FROM profile_postings p WHERE p.token = ? AND p.place {beyond} ?{looks} "
        f"ORDER BY p.place {way} LIMIT ?"
    )
    if tokens == 1:
        return one
    return " UNION ".join([f"SELECT place FROM ({one}) a"] * tokens) + f" ORDER BY place {way} LIMIT ?"


async def alike(reader: Reader, reasons: Mapping[int, str], common: int) -> dict[str, set[str]]:
    """Who has one of these tokens, with the reasons; tokens that more than `common` have are passed over."""
    query = (
        select(postings.c.token, func.count())
        .where(postings.c.token.in_(list(reasons)))
        .group_by(postings.c.token)
        .having(func.count() <= common)
    )
    telling: list[Any] = [token for token, _ in (await reader.conn.execute(query)).all()]
    places: dict[int, set[str]] = {}
    for token, place in await reader.select_in(postings, "token", telling) if telling else ():
        places.setdefault(place, set()).add(reasons[token])
    rows = await reader.select_in(searched, "place", sorted(places), columns=("subject", "place")) if places else ()
    return {subject: places[place] for subject, place in rows}
