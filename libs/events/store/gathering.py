"""The first round trip of an append: subjects, locked or as they are, with the names and receipts it may meet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from libs.events.store import schema
from libs.events.store.database import Transaction
from libs.events.store.postgres import PostgresTransaction

_SUBJECT = ("subject", "sequence", "recorded", "erased_before", "state", "state_version")

RECEIPT = ("key", "fingerprint", "status", "body", "etag", "subject", "sequence")

# In the order of the key, so that two who lock the same rows never wait for each other in a ring. Names are read as of
# the statement's start, which may be before a lock was had: a name taken meanwhile shows as a unique violation when it
# is written, and the group is decided anew.
_READ = """
SELECT 0 AS kind, subject, sequence, recorded AS one, erased_before AS two, state AS bytes, state_version AS small,
       NULL::bytea AS key, NULL::bytea AS print, NULL::text AS etag FROM {subjects}
UNION ALL SELECT 1, subject, sequence, NULL, NULL, NULL, NULL, name, NULL, NULL FROM names WHERE name = ANY($2::bytea[])
UNION ALL SELECT 2, subject, sequence, NULL, NULL, body, status, key, fingerprint, etag FROM receipts
  WHERE key = ANY($3::bytea[])
"""
_LOOK = _READ.format(subjects="subjects WHERE subject = ANY($1::text[])")
_GATHER = """
WITH locked AS MATERIALIZED (
  SELECT subject, sequence, recorded, erased_before, state, state_version FROM subjects
  WHERE subject = ANY($1::text[]) ORDER BY subject FOR UPDATE
)""" + _READ.format(subjects="locked")
_MAKE = """
INSERT INTO subjects (subject, sequence) SELECT subject, 0 FROM unnest($1::text[]) AS given(subject) ORDER BY subject
ON CONFLICT DO NOTHING RETURNING subject
"""


@dataclass(slots=True)
class Gathered:
    """Rows as the database keeps them: (subject, sequence, recorded, erased_before, state, state_version),
    (name, subject, sequence), (key, fingerprint, status, body, etag, subject, sequence)."""

    subjects: list[tuple[Any, ...]] = field(default_factory=list)
    names: list[tuple[Any, ...]] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)


async def gather(
    tx: Transaction, subjects: Sequence[str], names: Collection[bytes], receipts: Collection[bytes]
) -> Gathered:
    """Locks the (sorted, distinct) subjects, making those that are new, and reads the rest."""
    if isinstance(tx, PostgresTransaction):
        return await _gather_postgres(tx, subjects, names, receipts)
    # one writer at a time holds the whole file: nothing to lock, nothing to make
    found = Gathered(list(await tx.select_in(schema.subjects, "subject", subjects, columns=_SUBJECT)))
    found.subjects += _new(found, subjects)
    found.names = list(await tx.select_in(schema.names, "name", names))
    if receipts:
        found.receipts = list(await tx.select_in(schema.receipts, "key", receipts, columns=RECEIPT))
    return found


def _new(found: Gathered, subjects: Sequence[str]) -> list[tuple[Any, ...]]:
    known = {row[0] for row in found.subjects}
    return [(s, 0, None, None, None, None) for s in subjects if s not in known]


async def look(
    reader: PostgresTransaction, subjects: Sequence[str], names: Collection[bytes], receipts: Collection[bytes]
) -> Gathered:
    """Reads all of it as it stands at one moment, and locks nothing; subjects that are not there are left out."""
    return _sorted(await reader.driver.fetch(_LOOK, subjects, list(names), list(receipts)))


async def _gather_postgres(
    tx: PostgresTransaction, subjects: Sequence[str], names: Collection[bytes], receipts: Collection[bytes]
) -> Gathered:
    found = _sorted(await tx.driver.fetch(_GATHER, subjects, list(names), list(receipts)))
    if new := [row[0] for row in _new(found, subjects)]:
        made = {row[0] for row in await tx.driver.fetch(_MAKE, new)}
        found.subjects += [(s, 0, None, None, None, None) for s in made]
        if rivals := [s for s in new if s not in made]:
            # somebody else made them since: theirs to lock and read like any other
            again = await _gather_postgres(tx, rivals, names, receipts)
            found.subjects += again.subjects
            found.names, found.receipts = again.names, again.receipts
    return found


def _sorted(rows: Sequence[Any]) -> Gathered:
    """The rows of each kind as the database keeps them."""
    found = Gathered()
    for kind, subject, sequence, one, two, raw, small, key, fingerprint, etag in rows:
        if kind == 0:
            found.subjects.append((subject, sequence, one, two, raw, small))
        elif kind == 1:
            found.names.append((key, subject, sequence))
        else:
            found.receipts.append((key, fingerprint, small, raw, etag, subject, sequence))
    return found
