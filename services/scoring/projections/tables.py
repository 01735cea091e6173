"""The tables of scoring's read models."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, text

from libs.events.store.instants import Instant

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("time", Instant, nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("key", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("canonical", LargeBinary),
)
"""Every fact heard, once; a person's score is folded from theirs."""

_REPORTED = text(
    "type = 'survey.answered' OR type LIKE 'complaint.%' OR type = 'customer.classified' OR type = 'customer.segmented'"
)
# what reports read across all customers; the many other facts are not in it and cost it nothing
Index("facts_reported", facts.c.type, facts.c.time, postgresql_where=_REPORTED, sqlite_where=_REPORTED)

links = Table(
    "links",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("merge", Text, primary_key=True),
    Column("other", Text, nullable=False),
    Column("survives", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
)
"""Merges, each from both sides: `survives` is 1 where `subject` is the one whose id answers. `since` and `until` are
when the merge and its undoing were recorded."""

erasures = Table(
    "erasures",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("recorded", Instant, nullable=False),
)
"""Who was erased."""

touched = Table(
    "touched",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Whose level or tier may have changed, and by which fact; the announcer empties it."""
