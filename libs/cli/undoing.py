"""Shows imports and takes them back, page by page, with somebody watching."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from rich.table import Table

from libs.cli.address import Address
from libs.cli.importing.naming import known
from libs.cli.screen import fail, out, whole
from libs.cli.sending.sender import GaveUp, NotServed, Sender

SHOWN = 20
"""Customers with members that stay, shown on the terminal."""
_COLUMNS = ("recorded", "updated", "purchased", "merged", "taken_back")


def show(there: Address) -> None:
    """Prints the imports."""

    async def run(sender: Sender) -> None:
        table = Table("import", "began", *_COLUMNS, box=None)
        for each in await known(sender):
            table.add_row(each["id"], each["first"][:19], *(f"{each[name]:,}" for name in _COLUMNS))
        whole(table)

    _run(there, run)


def take_back(there: Address, name: str, *, dry_run: bool) -> None:
    """Takes an import back, and prints what became of it."""

    async def run(sender: Sender) -> None:
        counts, kept = Counter[str](), list[tuple[str, list[str]]]()
        cursor = None
        while True:
            body = {"dry_run": dry_run, **({"cursor": cursor} if cursor else {})}
            page = await _undone(sender, name, body)
            for item in page["items"]:
                counts["customers"] += 1
                counts["records that are no more"] += item["withdrawn"]
                counts["records that are what they were"] += bool(item["restored"])
                counts["orders refunded"] += item["orders"]
                counts["merges undone"] += item["merges"]
                if item["kept"]:
                    kept.append((item["customer"], item["kept"]))
            cursor = page["next_cursor"]
            if not cursor:
                break
        _tell(counts, kept, dry_run)

    _run(there, run)


async def _undone(sender: Sender, name: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await sender.post(f"/v1/customers/imports/{name}/undo", orjson.dumps(body), "application/json")
    if answer.status_code == 404:
        raise NotServed(f"there is no import {name}: `careledger imports list` names them")
    if answer.status_code != 200:
        raise NotServed(f"the server answered {answer.status_code}")
    page: dict[str, Any] = orjson.loads(answer.content)
    return page


def _tell(counts: Counter[str], kept: list[tuple[str, list[str]]], dry_run: bool) -> None:
    table = Table(title="would become of the import" if dry_run else "taken back", title_justify="left", box=None)
    table.add_column("")
    table.add_column("", justify="right")
    for what, count in counts.items():
        table.add_row(what, f"{count:,}")
    out.print(table)
    if kept:
        stay = Table("customer", "changed since, and kept", box=None)
        for customer, members in kept[:SHOWN]:
            stay.add_row(customer, ", ".join(members))
        out.print(stay)
        if len(kept) > SHOWN:
            out.print(f"and {len(kept) - SHOWN:,} more", style="dim")


def _run(there: Address, run: Callable[[Sender], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with Sender(there) as sender:
            await sender.greet()
            await run(sender)

    try:
        asyncio.run(connected())
    except (GaveUp, NotServed) as failure:
        fail(f"{there.url}: {failure}")
