"""What consumers remember, in the database that also holds their effects, so that both commit together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()
_text = Text().with_variant(Text(collation="C"), "postgresql")  # ids need no language's order

offsets = Table(
    "consumer_offsets",
    metadata,
    Column("consumer", _text, primary_key=True),
    Column("topic", _text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("topic_id", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
)
"""Where each consumer goes on. A topic made anew has another id, and is read from its start."""

applied = Table(
    "consumer_applied",
    metadata,
    Column("subject", _text, primary_key=True),
    Column("service", _text, primary_key=True),
    Column("consumer", _text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("recorded", BigInteger),
    postgresql_with={"fillfactor": 70},  # rows are updated again and again: with room beside them no index is touched
)
"""The last fact that each consumer took of each subject of each service: all that is needed to know a duplicate."""

waiting = Table(
    "consumer_waiting",
    metadata,
    Column("subject", _text, primary_key=True),
    Column("service", _text, primary_key=True),
    Column("consumer", _text, primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", _text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
)
"""Facts that came before the one they follow. Their personal fields are sealed, as in the topic."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _text, primary_key=True),
    Column("consumer", _text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("key", _text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("raw", LargeBinary),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("quarantine_consumer", "consumer", "state"),
    Index("quarantine_key", "key"),
)
"""What could not be taken, with the reason and its sealed bytes.

`kind`: `fact` (holds up its subject), `record` (no fact could be made out), `fork` (a second fact with a number that is
taken), `inbound` (another system's event). `state`: `open`, or what the operator wants: `retrying`, `discarding`.
`key` is the digest of an inbound event's source and id.
"""

discarded = Table(
    "consumer_discarded",
    metadata,
    Column("event_id", _text, primary_key=True),
    Column("consumer", _text, primary_key=True),
    Column("service", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("discarded", BigInteger, nullable=False),
)
"""Facts that an operator discarded; rebuilds leave them out, too."""
