"""The tables of an event store. Bytes hold JSON as it is published, so that nothing is encoded twice."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

metadata = MetaData()
_text = Text().with_variant(Text(collation="C"), "postgresql")  # ids need no language's order
_big = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in an INTEGER key

subjects = Table(
    "subjects",
    metadata,
    Column("subject", _text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("recorded", BigInteger),
    Column("erased_before", BigInteger),
    Column("state", LargeBinary),
    Column("state_version", SmallInteger),
)
events = Table(
    "events",
    metadata,
    Column("subject", _text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
names = Table(
    "names",
    metadata,
    Column("name", LargeBinary, primary_key=True),
    Column("subject", _text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", _big, primary_key=True, autoincrement=True),
    Column("shard", SmallInteger, nullable=False),
    Column("subject", _text, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    # SQLite would give the numbers of deleted rows again, and a relay that is slow to clear up would delete new rows
    sqlite_autoincrement=True,
)
receipts = Table(
    "receipts",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("etag", Text, nullable=False),
    Column("subject", _text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("receipts_expires", "expires"),
    Index("receipts_subject", "subject"),
)
relay_shards = Table("relay_shards", metadata, Column("shard", SmallInteger, primary_key=True, autoincrement=False))
meta = Table(
    "store_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
