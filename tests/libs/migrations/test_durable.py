"""What must last: the steps make exactly the tables that the program uses, once, whoever comes first."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from libs import migrations
from libs.events.store.database import Database
from libs.events.store.opening import open_database
from libs.migrations import durable, migrate
from tests.libs.migrations.conftest import shape

BROKEN = '''
revision, down_revision = "0002", "0001"


def upgrade(op):
    """Makes a table and then fails."""
    op.execute("CREATE TABLE half_done (id INTEGER)")
    op.execute("SELECT nothing FROM nowhere")
'''


async def version(database: Database) -> list[str]:
    async with database.read() as reader:
        return [row[0] for row in await reader.rows("SELECT version_num FROM alembic_version")]


async def test_the_steps_make_what_the_definitions_say(database: Database) -> None:
    assert (await migrate(database, []))[0].startswith("schema 0001: ")
    migrated = await shape(database)
    everything = durable.durable()
    assert migrated.keys() == everything.tables.keys()
    async with database.begin() as tx:
        await tx.conn.run_sync(everything.drop_all)
        await tx.conn.execute(text("DROP TABLE alembic_version"))
        await tx.conn.run_sync(everything.create_all)
    assert await shape(database) == migrated


async def test_a_second_time_there_is_nothing_to_do_and_one_query_finds_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(database, [])
    assert await version(database) == [durable.HEAD]
    monkeypatch.delattr(migrations, "upgrade")
    monkeypatch.delattr(migrations, "prepare_views")
    assert await migrate(database, []) == []


async def test_tables_made_without_migrations_are_taken_over(database: Database) -> None:
    await database.create(durable.durable())
    async with database.begin() as tx:
        await tx.conn.execute(text("DROP TABLE consumer_discarded"))  # made by a program that had fewer
        await tx.conn.execute(text("INSERT INTO store_meta (name, value) VALUES ('mine', 'kept')"))
    there = len(durable.durable().tables) - 1
    assert await migrate(database, []) == [f"schema {durable.HEAD}: took over {there} tables made before"]
    assert await version(database) == [durable.HEAD]
    assert (await shape(database)).keys() == durable.durable().tables.keys()
    async with database.read() as reader:
        assert [tuple(row) for row in await reader.rows("SELECT name, value FROM store_meta")] == [("mine", "kept")]
    assert await migrate(database, []) == []


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("CREATE TABLE subjects (subject TEXT PRIMARY KEY, name TEXT)", "add_column subjects sequence"),
        ("CREATE TABLE store_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)", "modify_type store_meta value"),
    ],
)
async def test_somebody_elses_tables_are_not_touched(database: Database, made: str, told: str) -> None:
    async with database.begin() as tx:
        await tx.conn.execute(text(made))
    before = await shape(database)
    with pytest.raises(durable.Foreign, match=told):
        await migrate(database, [])
    assert await shape(database) == before


async def test_many_at_once_take_each_step_once(database_url: str) -> None:
    many = [open_database(database_url) for _ in range(6)]
    try:
        if many[0].dialect == "sqlite":  # its write-ahead log is switched on by the first to connect
            async with many[0].read() as reader:
                await reader.rows("SELECT 1")
        told = await asyncio.gather(*(migrate(database, []) for database in many))
        assert sorted(len(done) for done in told) == [0, 0, 0, 0, 0, 1]
        assert await version(many[0]) == [durable.HEAD]
    finally:
        for database in many:
            await database.close()


async def test_a_step_that_fails_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await migrate(database, [])
    before = await shape(database)
    steps = tmp_path / "steps"
    shutil.copytree(durable.PLACE / "versions", steps / "versions")
    (steps / "versions" / "0002_broken.py").write_text(BROKEN)
    monkeypatch.setattr(durable, "PLACE", steps)
    monkeypatch.setattr(migrations, "HEAD", "0002")
    with pytest.raises(Exception, match="nowhere"):
        await migrate(database, [])
    assert await version(database) == ["0001"]
    assert await shape(database) == before


async def test_a_later_version_is_left_alone(database: Database) -> None:
    await migrate(database, [])
    async with database.begin() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    told = f"schema 0999 is of a later version than {durable.HEAD}: left as it is"
    assert await migrate(database, []) == [told]
    assert await version(database) == ["0999"]


def test_steps_are_one_line_and_the_last_is_known() -> None:
    script = ScriptDirectory(str(durable.PLACE))
    assert script.get_heads() == [durable.HEAD]
    numbers = sorted(step.revision for step in script.walk_revisions())
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
