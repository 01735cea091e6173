"""Lists: every item once, whatever the page size; cursors that are not ours are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from libs.web.pages import Order, page, read_cursor, write_cursor
from libs.web.problems import Problem

metadata = MetaData()
things = Table(
    "things", metadata,
    Column("id", String, primary_key=True), Column("size", Integer), Column("at", DateTime(timezone=True)),
)  # fmt: skip
START = datetime(2026, 1, 1)  # noqa: DTZ001  SQLite keeps no zone
ROWS = [(f"t{i:02d}", i % 3, START + timedelta(hours=i % 5)) for i in range(23)]


@pytest.fixture
async def connection() -> Any:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.connect() as opened:
        await opened.run_sync(metadata.create_all)
        await opened.execute(insert(things), [dict(zip(("id", "size", "at"), r, strict=True)) for r in ROWS])
        yield opened
    await engine.dispose()


@pytest.mark.parametrize("limit", [1, 4, 23, 200])
@pytest.mark.parametrize("down", [(False, False, False), (True, False, True), (True, True, True)])
async def test_pages_cover_everything_once(connection: AsyncConnection, limit: int, down: tuple[bool, ...]) -> None:
    columns = (things.c.size, things.c.at, things.c.id)
    order = [Order(c, d) for c, d in zip(columns, down, strict=True)]
    seen: list[str] = []
    cursor = None
    while True:
        got = await page(connection, select(things.c.id), order, lambda row: {"id": row.id}, cursor=cursor, limit=limit)
        assert got["items"]
        assert all(set(item) == {"id"} for item in got["items"])
        seen += [item["id"] for item in got["items"]]
        cursor = got["next_cursor"]
        if cursor is None:
            break
    want = ROWS[:]
    for i, descending in reversed(list(zip((1, 2, 0), down, strict=True))):
        want.sort(key=lambda row: row[i], reverse=descending)
    assert seen == [row[0] for row in want]


async def test_an_empty_list_has_no_next_page(connection: AsyncConnection) -> None:
    query = select(things.c.id).where(things.c.size > 9)
    got = await page(connection, query, [Order(things.c.id)], lambda r: {"id": r.id})
    assert got == {"items": [], "next_cursor": None}


VALUES = ["t", 3, datetime(2026, 1, 1, tzinfo=UTC), 1.5]
TYPES = [str, int, datetime, float]


def test_a_cursor_says_what_was_put_in() -> None:
    assert read_cursor(write_cursor(VALUES, "list"), TYPES, "list") == VALUES


@pytest.mark.parametrize(
    ("cursor", "types"),
    [
        (write_cursor(VALUES, "other"), TYPES),
        (write_cursor(VALUES[:2], "list"), TYPES),
        (write_cursor(["t", "3"], "list"), [str, int]),
        (write_cursor([1], "list"), [str]),
        (write_cursor(["\x00"], "list"), [str]),
        (write_cursor([2**63], "list"), [int]),
        (write_cursor([True], "list"), [int]),
        (write_cursor(["x"], "list"), [datetime]),
        ("", [str]),
        ("é", [str]),
    ],
)
def test_other_cursors_are_refused(cursor: str, types: list[type]) -> None:
    with pytest.raises(Problem) as caught:
        read_cursor(cursor, types, "list")
    assert caught.value.status == 422


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(cursor: str) -> None:
    with pytest.raises(Problem):
        read_cursor(cursor, TYPES, "list")
