"""Databases to migrate, on every engine, and what inspection says of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, inspect

from libs.events.store.database import Database
from libs.events.store.opening import open_database
from tests.contracts.conftest import database_url

__all__ = ["database_url"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = open_database(database_url)
    yield database
    await database.close()


async def shape(database: Database) -> dict[str, Any]:
    """Every table but Alembic's own: its columns with their types, its keys and indexes."""

    def look(connection: Connection) -> dict[str, Any]:
        inspector = inspect(connection)
        return {
            table: {
                "columns": [{**column, "type": repr(column["type"])} for column in inspector.get_columns(table)],
                "key": inspector.get_pk_constraint(table),
                "foreign": inspector.get_foreign_keys(table),
                "unique": inspector.get_unique_constraints(table),
                "checks": inspector.get_check_constraints(table),
                "indexes": sorted(inspector.get_indexes(table), key=lambda index: str(index["name"])),
            }
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }

    async with database.read() as reader:
        return await reader.conn.run_sync(look)
