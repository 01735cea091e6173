"""What the inbox keeps, in the service's own database: events that wait for what must come before."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData()
_text = Text().with_variant(Text(collation="C"), "postgresql")

parked = Table(
    "inbox_parked",
    metadata,
    Column("key", _text, primary_key=True),
    Column("arrived", BigInteger, nullable=False),
    Column("waits_for", LargeBinary, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index("inbox_parked_arrived", "arrived"),
)
"""`key` is the digest of source and id. The name it waits for may hold a reference, so it is sealed like the event."""
