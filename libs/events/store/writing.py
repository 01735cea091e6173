"""Writes what was decided: on PostgreSQL one statement, which writes nothing unless every subject stands as it did when
it was read; on SQLite, where one writer at a time holds the whole file, a statement a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import delete

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Transaction
from libs.events.store.errors import Stale
from libs.events.store.hashing import SIZE
from libs.events.store.instants import to_micros
from libs.events.store.postgres import PostgresTransaction
from libs.events.store.working import ABSENT, Subject, Work, split
from libs.events.vault import Vault

_FACTS = (
    "subject text", "sequence bigint", "id text", "type text", "version smallint", "time bigint", "recorded bigint",
    "key text", "epoch int", "cause text", "data bytea", "shard smallint", "head bytea",
)  # fmt: skip
_NAMES = ("digests bytea", "subject text", "sequence bigint")
_RECEIPTS = (
    "key bytea", "fingerprint bytea", "status smallint", "body bytea", "etag text", "subject text", "sequence bigint",
    "expires bigint",
)  # fmt: skip
_STANDS = ("subject text", "was bigint", "sequence bigint", "recorded bigint", "state bytea")
_OUTBOX = ("shard", "subject", "head", "value")
_EVENT = len(schema.events.columns)


def is_more(work: Work) -> bool:
    """Whether it takes more than that one statement."""
    return bool(work.released) or any(s.new_key or s.shredded for s in work.subjects.values())


async def write(tx: Transaction, work: Work, folding: Folding[Any], vault: Vault) -> None:
    """Writes facts, their outbox rows, names, receipts, new keys and the subjects' new states. Raises `Stale`."""
    if is_more(work):
        await _rest(tx, work, vault)
    if isinstance(tx, PostgresTransaction):
        await _at_once(tx, work, folding)
    else:
        await _by_table(tx, work, folding)
    shredded = [s for s in work.subjects.values() if s.shredded]
    rows = [(s.subject, s.sequence, _micros(s.recorded), _micros(s.erased_before), None, None) for s in shredded]
    await tx.upsert(schema.subjects, rows)


async def _by_table(tx: Transaction, work: Work, folding: Folding[Any]) -> None:
    await tx.append(schema.events, [row[:_EVENT] for row in work.facts])
    await tx.append(schema.names, split(work.name_rows))
    await tx.append(schema.outbox, [(row[-2], row[0], row[-1], row[_EVENT - 1]) for row in work.facts], columns=_OUTBOX)
    await tx.append(schema.receipts, work.receipt_rows)
    columns = ("subject", "sequence", "recorded", "state", "state_version")
    changed = [s for s in work.subjects.values() if s.sequence > s.was and s.sequence]
    version = folding.decider.version
    rows = [(s.subject, s.sequence, _micros(s.recorded), _snapshot(s, folding), version) for s in changed]
    same = [row[:3] for row in rows if row[3] is None]
    await tx.upsert(schema.subjects, [row for row in rows if row[3] is not None], columns=columns)
    await tx.upsert(schema.subjects, same, columns=columns[:3])


async def _rest(tx: Transaction, work: Work, vault: Vault) -> None:
    """What is seldom: new keys, keys that are shredded, names that may be taken anew."""
    await vault.add(tx, {s.subject: s.key for s in work.subjects.values() if s.new_key and s.key})
    if shredded := [s for s in work.subjects.values() if s.shredded]:
        ids = [s.subject for s in shredded]
        await vault.shred(tx, ids)
        await tx.conn.execute(delete(schema.receipts).where(schema.receipts.c.subject.in_(ids)))
    if work.released:
        gone = [name for name, _ in work.released]
        await tx.conn.execute(delete(schema.names).where(schema.names.c.name.in_(gone)))


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _snapshot(subject: Subject, folding: Folding[Any]) -> bytes | None:
    """The state to keep; None where the row holds it already, as with the most frequent facts."""
    if subject.shredded or (subject.state is subject.kept and not subject.new_key):
        return None
    return folding.dump(subject.state, subject.key, subject.subject)


async def _at_once(tx: PostgresTransaction, work: Work, folding: Folding[Any]) -> None:
    # who was erased stays so: what was decided of them needs no second look
    stands = [
        (s.subject, s.was, s.sequence, _micros(s.recorded), _snapshot(s, folding))
        for s in work.subjects.values() if s.erased_before is None or s.shredded
    ]  # fmt: skip
    given = [
        *_columns(stands, len(_STANDS)), *_columns(work.facts, len(_FACTS)), *_columns(work.name_rows, len(_NAMES)),
        *_columns(work.receipt_rows, len(_RECEIPTS)),
    ]  # fmt: skip
    there = sum(row[1] != ABSENT for row in stands)
    if not await tx.driver.fetchval(_statement(), *given, there, folding.decider.version):
        raise Stale("a subject is not as it was when it was read")


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


@cache
def _statement() -> str:
    """Everything as one statement, and so in one round trip; true where it was written.

    Subjects are locked in the order of their names, then new ones made, and only then (`held`) is anything written, so
    that two who want the same ones never wait for each other in a ring. What is compared is the row as it is once the
    lock was had. The outbox's numbers must rise with a subject's sequence.
    """
    first, given = 1, {}
    for name, columns in (("stands", _STANDS), ("facts", _FACTS), ("named", _NAMES), ("answers", _RECEIPTS)):
        given[name] = _unnested(columns, first)
        first += len(columns)
    event, receipt = _names(_FACTS[:_EVENT]), _names(_RECEIPTS)
    sure = "(SELECT sure FROM held)"
    return f"""
WITH stands AS MATERIALIZED ({given["stands"]}),
facts AS MATERIALIZED ({given["facts"]}),
locked AS MATERIALIZED (
  SELECT s.sequence = stands.was AND s.erased_before IS NULL AS as_it_was
  FROM subjects s JOIN stands ON stands.subject = s.subject ORDER BY s.subject FOR UPDATE OF s
),
checked AS MATERIALIZED (SELECT count(*) FILTER (WHERE as_it_was) = ${first} AS sure FROM locked),
made AS (
  INSERT INTO subjects (subject, sequence, recorded, state, state_version)
  SELECT subject, sequence, recorded, state, ${first + 1}::smallint FROM stands
  WHERE was = {ABSENT} AND sequence > 0 AND (SELECT sure FROM checked) ORDER BY subject RETURNING 1
),
held AS MATERIALIZED (SELECT sure AND (SELECT count(*) FROM made) >= 0 AS sure FROM checked),
moved AS (
  UPDATE subjects s SET sequence = stands.sequence, recorded = stands.recorded, state = coalesce(stands.state, s.state),
    state_version = CASE WHEN stands.state IS NULL THEN s.state_version ELSE ${first + 1} END
  FROM stands WHERE s.subject = stands.subject AND stands.was <> {ABSENT} AND stands.sequence > stands.was AND {sure}
),
told AS (INSERT INTO events ({event}) SELECT {event} FROM facts WHERE {sure}),
sent AS (
  INSERT INTO outbox (shard, subject, head, value)
  SELECT shard, subject, head, data FROM facts WHERE {sure} ORDER BY sequence
),
called AS (
  INSERT INTO names (name, subject, sequence)
  SELECT substring(digests FROM start FOR {SIZE}), subject, sequence
  FROM ({given["named"]}) AS named, generate_series(1, length(digests), {SIZE}) AS start WHERE {sure}
),
answered AS (INSERT INTO receipts ({receipt}) SELECT {receipt} FROM ({given["answers"]}) AS answers WHERE {sure})
SELECT sure FROM held
"""


def _unnested(columns: Sequence[str], first: int) -> str:
    """Rows given as one array a column. How long the arrays are is kept from the planner, who would plan anew for each
    length, and that costs more than to write a few rows."""
    arrays = ", ".join(f"(SELECT ${n}::{column.split()[1]}[])" for n, column in enumerate(columns, first))
    return f"SELECT * FROM unnest({arrays}) AS given({_names(columns)})"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(column.split()[0] for column in columns)
