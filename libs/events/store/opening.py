"""Opens a service's database by its URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url

from libs.events.store.database import Database


def open_database(url: str, pool_size: int = 8) -> Database:
    """The database at `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`. Raises `ValueError` for another scheme."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite+aiosqlite":
        from libs.events.store.sqlite import SqliteDatabase

        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return SqliteDatabase(url)
    if parsed.drivername == "postgresql+asyncpg":
        from libs.events.store.postgres import PostgresDatabase

        return PostgresDatabase(url, pool_size)
    raise ValueError(f"no engine for {parsed.drivername}: use sqlite+aiosqlite or postgresql+asyncpg")
