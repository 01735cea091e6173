"""Writes what was decided: one statement a table, in the transaction that holds the locks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete

from libs.events.store import schema
from libs.events.store.codec import Folding
from libs.events.store.database import Transaction
from libs.events.store.instants import to_micros
from libs.events.store.working import Work
from libs.events.vault import Vault

_OUTBOX = ("shard", "subject", "head", "value")


async def write(tx: Transaction, work: Work, folding: Folding[Any], vault: Vault) -> None:
    """Writes facts, their outbox rows, names, receipts, new keys and the subjects' new states."""
    changed = [s for s in work.subjects.values() if s.changed]
    if not changed:
        await tx.append(schema.receipts, work.receipt_rows)
        return
    shredded = [s.subject for s in changed if s.shredded]
    if shredded:
        await vault.shred(tx, shredded)
        await tx.conn.execute(delete(schema.receipts).where(schema.receipts.c.subject.in_(shredded)))
    await vault.add(tx, {s.subject: s.key for s in changed if s.new_key and s.key})
    await tx.append(schema.events, work.event_rows)
    await tx.append(schema.names, work.name_rows)
    await tx.append(schema.receipts, work.receipt_rows)
    # after the locks were taken: so a subject's outbox numbers rise in the order of its sequence
    await tx.append(schema.outbox, work.outbox_rows, columns=_OUTBOX)
    version = folding.decider.version
    await tx.upsert(
        schema.subjects,
        [
            (
                s.subject, s.sequence,
                to_micros(s.recorded) if s.recorded else None,
                to_micros(s.erased_before) if s.erased_before else None,
                None if s.shredded else folding.dump(s.state, s.key, s.subject), version,
            )
            for s in changed
        ],
    )  # fmt: skip
