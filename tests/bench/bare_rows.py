"""The rows of a store, in the commits that wrote them, and the same rows inserted by nothing but the database."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from libs.events.consuming.tables import offsets
from libs.events.store import schema

Rows = list[tuple[Any, ...]]
OUTBOX = ("shard", "subject", "head", "value")


@dataclass(slots=True)
class Commit:
    """What one transaction wrote."""

    events: Rows = field(default_factory=list)
    names: Rows = field(default_factory=list)
    outbox: Rows = field(default_factory=list)
    subjects: Rows = field(default_factory=list)


async def commits(url: str) -> list[Commit]:
    """The rows of a store, by the transaction that each belongs to, oldest first."""
    found: dict[int, Commit] = {}
    connection = await asyncpg.connect(url)
    try:
        for table, columns in ((schema.events, ()), (schema.names, ()), (schema.outbox, OUTBOX)):
            listed = ", ".join(columns or table.columns.keys())
            for number, *row in await connection.fetch(f"SELECT xmin::text::bigint, {listed} FROM {table.name}"):
                getattr(found.setdefault(number, Commit()), table.name).append(tuple(row))
        subjects = {row["subject"]: tuple(row) for row in await connection.fetch("SELECT * FROM subjects")}
    finally:
        await connection.close()
    for commit in found.values():
        # a subject is written once in each transaction that adds to it, whatever its row says now
        commit.subjects = [subjects[subject] for subject in {row[0] for row in commit.events}]
    return [found[number] for number in sorted(found)]


async def inserted(url: str, written: list[Commit]) -> float:
    """Seconds for the same rows in as many commits; and one more each, as small as an offset is, as in a consumer."""
    again = "DO UPDATE SET sequence = excluded.sequence, state = excluded.state"
    subjects = f"{statement(schema.subjects)} ON CONFLICT (subject) {again}"
    moved = "DO UPDATE SET next_offset = excluded.next_offset"
    offset = f"{statement(offsets)} ON CONFLICT (consumer, topic, partition) {moved}"
    prepared = [
        (
            list(zip(*c.subjects, strict=True)), list(zip(*c.events, strict=True)),
            list(zip(*c.names, strict=True)), list(zip(*c.outbox, strict=True)),
        )
        for c in written
    ]  # fmt: skip
    statements = (subjects, statement(schema.events), statement(schema.names), statement(schema.outbox, OUTBOX))
    connection = await asyncpg.connect(url)
    try:
        started = time.perf_counter()
        for number, columns in enumerate(prepared):
            async with connection.transaction():
                for sql, values in zip(statements, columns, strict=True):
                    await connection.execute(sql, *values)
            await connection.execute(offset, ["bench"], ["topic"], [0], ["id"], [number])
        return time.perf_counter() - started
    finally:
        await connection.close()


def statement(table: Table, columns: tuple[str, ...] = ()) -> str:
    """INSERT … SELECT FROM unnest."""
    names = columns or tuple(table.columns.keys())
    given = ", ".join(f"${n}::{kind(table, name)}[]" for n, name in enumerate(names, 1))
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM unnest({given})"


def kind(table: Table, column: str) -> str:
    """A column's type in SQL."""
    return str(table.columns[column].type.compile(postgresql.dialect())).split(" COLLATE")[0]  # type: ignore[no-untyped-call]
