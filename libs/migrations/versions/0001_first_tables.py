"""event store, vault, consumers, inbox"""

from __future__ import annotations

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None

ids = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids need no language's order
counted = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts by itself only in an INTEGER key


def upgrade(op: Operations) -> None:
    """Makes the first tables."""
    _store(op)
    _consuming(op)
    op.create_table(
        "inbox_parked",
        sa.Column("key", ids, primary_key=True),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("waits_for", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
    )
    op.create_index("inbox_parked_arrived", "inbox_parked", ["arrived"])


def _store(op: Operations) -> None:
    op.create_table(
        "subjects",
        sa.Column("subject", ids, primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger()),
        sa.Column("erased_before", sa.BigInteger()),
        sa.Column("state", sa.LargeBinary()),
        sa.Column("state_version", sa.SmallInteger()),
    )
    op.create_table(
        "events",
        sa.Column("subject", ids, primary_key=True),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "names",
        sa.Column("name", sa.LargeBinary(), primary_key=True),
        sa.Column("subject", ids, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", counted, primary_key=True, autoincrement=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("subject", ids, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "receipts",
        sa.Column("key", sa.LargeBinary(), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("subject", ids, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
    )
    op.create_index("receipts_expires", "receipts", ["expires"])
    op.create_index("receipts_subject", "receipts", ["subject"])
    op.create_table("relay_shards", sa.Column("shard", sa.SmallInteger(), primary_key=True, autoincrement=False))
    op.create_table(
        "store_meta",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "vault_keys",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    )


def _consuming(op: Operations) -> None:
    op.create_table(
        "consumer_offsets",
        sa.Column("consumer", ids, primary_key=True),
        sa.Column("topic", ids, primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("topic_id", sa.Text(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "consumer_applied",
        sa.Column("subject", ids, primary_key=True),
        sa.Column("service", ids, primary_key=True),
        sa.Column("consumer", ids, primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.BigInteger()),
    )
    op.create_table(
        "consumer_waiting",
        sa.Column("subject", ids, primary_key=True),
        sa.Column("service", ids, primary_key=True),
        sa.Column("consumer", ids, primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("event_id", ids, primary_key=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", ids, primary_key=True),
        sa.Column("consumer", ids, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("record_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", ids, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
    )
    op.create_index("quarantine_consumer", "quarantine", ["consumer", "state"])
    op.create_index("quarantine_key", "quarantine", ["key"])
    op.create_table(
        "consumer_discarded",
        sa.Column("event_id", ids, primary_key=True),
        sa.Column("consumer", ids, primary_key=True),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("discarded", sa.BigInteger(), nullable=False),
    )
