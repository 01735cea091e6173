"""The embedded log's file: its tables, its connections, and the transactions that hold its one write lock."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

BUSY_SECONDS = 10.0

TABLES = """
CREATE TABLE IF NOT EXISTS topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    topic_id TEXT NOT NULL,
    partitions INTEGER NOT NULL,
    retention_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS partitions (
    topic INTEGER NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    "end" INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    topic INTEGER NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    key BLOB,
    headers BLOB NOT NULL,
    value BLOB NOT NULL,
    timestamp INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits are on disk when they return."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)               # for nobody else to read; SQLite gives the files it puts beside it the same
    line = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        use_log(line)
        line.execute("PRAGMA synchronous = FULL")
        line.execute("PRAGMA foreign_keys = ON")
        # What other systems publish here holds personal data in the clear, and is promised to be gone after its days.
        line.execute("PRAGMA secure_delete = ON")
        line.execute("PRAGMA journal_size_limit = 67108864")
    except BaseException:
        line.close()
        raise
    return line


def use_log(line: sqlite3.Connection) -> None:
    """Switches to write-ahead logging; here SQLite does not wait for another that does the same to a new file."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            line.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
        time.sleep(0.01)


class Transaction:
    """`with Transaction(line)`: holds the file's write lock from the start, so that nothing read in it can change."""

    def __init__(self, line: sqlite3.Connection, how: str = "IMMEDIATE") -> None:
        self.line, self.how = line, how

    def __enter__(self) -> sqlite3.Connection:
        self.line.execute(f"BEGIN {self.how}")
        return self.line

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            try:
                self.line.execute("COMMIT")
                return
            except sqlite3.Error:
                if self.line.in_transaction:
                    self.line.execute("ROLLBACK")
                raise
        if self.line.in_transaction:
            self.line.execute("ROLLBACK")


def prepare(line: sqlite3.Connection) -> None:
    """Makes the tables where they are missing."""
    with Transaction(line):
        for statement in TABLES.split(";"):
            line.execute(statement)


def forget(line: sqlite3.Connection) -> None:
    """Empties the write-ahead log, which still holds what was deleted; where somebody reads just now, another time."""
    line.execute("PRAGMA busy_timeout = 100")
    line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    line.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
