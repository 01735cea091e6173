"""Writes what was decided, in the transaction that holds the locks: one round trip on PostgreSQL."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table, delete

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Transaction
from libs.events.store.instants import to_micros
from libs.events.store.postgres import PostgresTransaction, arrays, insert_from_arrays
from libs.events.store.working import Subject, Work
from libs.events.vault import Vault

_OUTBOX = ("shard", "subject", "head", "value")
_TABLES: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (schema.events, ()), (schema.names, ()), (schema.outbox, _OUTBOX), (schema.receipts, ()),
)  # fmt: skip


async def write(tx: Transaction, work: Work, folding: Folding[Any], vault: Vault) -> None:
    """Writes facts, their outbox rows, names, receipts, new keys and the subjects' new states."""
    changed = [s for s in work.subjects.values() if s.changed]
    if not changed:
        await tx.append(schema.names, work.name_rows)
        await tx.append(schema.receipts, work.receipt_rows)
        return
    shredded = [s.subject for s in changed if s.shredded]
    if shredded:
        await vault.shred(tx, shredded)
        await tx.conn.execute(delete(schema.receipts).where(schema.receipts.c.subject.in_(shredded)))
    await vault.add(tx, {s.subject: s.key for s in changed if s.new_key and s.key})
    version = folding.decider.version
    subjects = [
        (
            s.subject, s.sequence, to_micros(s.recorded) if s.recorded else None,
            to_micros(s.erased_before) if s.erased_before else None,
            _snapshot(s, folding), version,
        )
        for s in changed
    ]  # fmt: skip
    if work.released:
        gone = [name for name, _ in work.released]
        await tx.conn.execute(delete(schema.names).where(schema.names.c.name.in_(gone)))
    rows = (work.event_rows, work.name_rows, work.outbox_rows, work.receipt_rows)
    if isinstance(tx, PostgresTransaction):
        given = [a for (table, columns), some in zip(_TABLES, rows, strict=True) for a in arrays(table, some, columns)]
        await tx.driver.execute(_statement(), *given, *arrays(schema.subjects, subjects))
        return
    for (table, columns), some in zip(_TABLES, rows, strict=True):
        await tx.append(table, some, columns=columns)
    await tx.upsert(schema.subjects, subjects)


def _snapshot(subject: Subject, folding: Folding[Any]) -> bytes | None:
    if subject.shredded:
        return None
    if subject.snapshot is not None and subject.state is subject.loaded and not subject.new_key:
        return subject.snapshot  # the most frequent facts leave the state as it was
    return folding.dump(subject.state, subject.key, subject.subject)


@cache
def _statement() -> str:
    """All inserts and the update of the (existing, locked) subjects as one statement."""
    parts, first = [], 1
    for table, columns in _TABLES:
        parts.append(f"w{first} AS ({insert_from_arrays(table, columns, first)})")
        first += len(columns or table.columns)
    names = schema.subjects.columns.keys()
    types = ("text", "bigint", "bigint", "bigint", "bytea", "smallint")
    given = ", ".join(f"${i}::{t}[]" for i, t in enumerate(types, first))
    sets = ", ".join(f"{n} = given.{n}" for n in names[1:])
    return (
        f"WITH {', '.join(parts)} UPDATE subjects SET {sets} FROM unnest({given}) AS given({', '.join(names)}) "
        "WHERE subjects.subject = given.subject"
    )
