"""Finds a person: every subject they are known under, whose id answers, and all their facts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from libs.events.store.database import Database, Reader
from libs.events.store.instants import from_micros, to_micros
from services.scoring.domain.fact import Fact

# A merge says who somebody always was; only `known_at` limits it.
_PERSON = """
WITH RECURSIVE person(subject) AS (
  SELECT CAST(? AS TEXT)
  UNION SELECT l.other FROM person p JOIN links l ON l.subject = p.subject
  WHERE l.since <= ? AND (l.until IS NULL OR l.until > ?)
)
"""
_COLUMNS = """f.subject, f.service, f.sequence, f.id, f.epoch, f.type, f.version, f.time, f.recorded, f.key, f.cause,
  f.data, f.canonical"""
_FACTS = f"""{_PERSON}
SELECT {_COLUMNS} FROM facts f JOIN person p ON f.subject = p.subject
"""  # noqa: S608
# Most people are known under one id. Asked so, their facts are one range of the primary key whatever the planner
# believes about the tables; whether they are more than that id is seen on the way.
_MORE = "(SELECT count(*) FROM links l WHERE l.subject = ?)"
_GONE = "(SELECT count(*) FROM erasures e WHERE e.subject = ?)"
_ALONE = f"SELECT {_COLUMNS}, {_GONE}, {_MORE} FROM facts f WHERE f.subject = ?"  # noqa: S608
_ALONE_STILL = f"SELECT f.id, {_MORE} FROM facts f WHERE f.subject = ?"  # noqa: S608
_MEMBER = """p.subject,
  (SELECT count(*) FROM links l WHERE l.subject = p.subject AND l.survives = 0 AND l.since <= ?
     AND (l.until IS NULL OR l.until > ?)),
  (SELECT count(*) FROM erasures e WHERE e.subject = p.subject)"""
_MEMBERS = f"{_PERSON} SELECT {_MEMBER} FROM person p"  # noqa: S608
_MEMBERS_STILL = f"""{_PERSON}
SELECT f.id, {_MEMBER} FROM person p LEFT JOIN facts f ON f.subject = p.subject
"""  # noqa: S608
_EVER = to_micros(datetime.fromisoformat("9000-01-01T00:00:00+00:00"))


_Member = tuple[str, int, int]
"""A subject, how many it was merged into, and whether it was erased."""


@dataclass(frozen=True, slots=True)
class Person:
    """`id` answers for them, `others` are the ids that were merged into it; `alone`: no merge ever spoke of them;
    `erased`: the asked id was erased.

    `stamp` says who they are and which facts are theirs: while it is the same, so is whatever follows from them.
    """

    id: str
    others: tuple[str, ...]
    facts: Sequence[Fact]
    stamp: bytes
    alone: bool = False
    erased: bool = False


def fact_of(row: Sequence[Any]) -> Fact:
    """The fact in a row of `facts`."""
    subject, service, sequence, identity, epoch, kind, version, time, recorded, key, cause, data, canonical = row
    return Fact(
        service, subject, sequence, identity, epoch, kind, version, from_micros(time), from_micros(recorded), key,
        cause, orjson.loads(data), bytes(canonical) if canonical is not None else None,
    )  # fmt: skip


async def find(database: Database, subject: str, known_at: datetime | None = None) -> Person:
    """The person behind a subject, with all their facts; none where nothing was ever heard of it."""
    async with database.read() as reader:
        rows = await reader.rows(_ALONE, subject, subject, subject)
        if rows and not rows[0][-1]:
            facts = [fact_of(row[:-2]) for row in rows]
            # not by a fact of erasure: who was forgotten stays so in a restored store's next life, which may lack it
            return Person(subject, (), facts, _stamp((), [f.id for f in facts]), True, bool(rows[0][-2]))
        known = to_micros(known_at) if known_at else _EVER
        rows = await reader.rows(_FACTS, subject, known, known)
        facts = [fact_of(row) for row in rows]
        return await _many(reader, subject, facts, known)


async def stamp(database: Database, subject: str, alone: bool) -> bytes:
    """The stamp that `find` would give the person, without their facts; `alone`: no merge spoke of them when last seen.

    Empty where one does now.
    """
    async with database.read() as reader:
        if alone:
            rows = await reader.rows(_ALONE_STILL, subject, subject)
            return b"" if rows and rows[0][1] else _stamp((), [row[0] for row in rows])
        rows = await reader.rows(_MEMBERS_STILL, subject, _EVER, _EVER, _EVER, _EVER)
        return _stamp({tuple(row)[1:] for row in rows}, [row[0] for row in rows if row[0] is not None])


async def _many(reader: Reader, subject: str, facts: Sequence[Fact], known: int) -> Person:
    rows = [tuple(row) for row in await reader.rows(_MEMBERS, subject, known, known, known, known)]
    # the survivor is who was merged into nobody; should merges run in a ring, the smallest id stands for all
    ends = sorted(s for s, merged, _ in rows if not merged) or sorted(s for s, *_ in rows)
    others = tuple(sorted(s for s, *_ in rows if s != ends[0]))
    erased = any(s == subject and gone for s, _, gone in rows)
    return Person(ends[0], others, facts, _stamp(rows, [f.id for f in facts]), erased=erased)


def _stamp(members: Collection[_Member], ids: Sequence[str]) -> bytes:
    # a fact never changes, so its id stands for it; digested, so that it is as short for who has thousands
    told = sorted(ids) if not members else [*(f"{member}" for member in sorted(members)), "", *sorted(ids)]
    return hashlib.sha256("\n".join(told).encode()).digest()
