"""Shows imports and takes them back, page by page, with somebody watching."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from rich.table import Table

from libs.cli.address import Address
from libs.cli.importing.naming import known
from libs.cli.screen import fail, out, whole
from libs.cli.sending.sender import GaveUp, NotServed, Sender

SHOWN = 20
"""Customers with members that stay, shown on the terminal."""
REASONS = {
    "stated_since": "stated anew since",
    "names_the_customer": "the customer's id is made of it",
    "told_by_others": "others told what makes it so",
}
"""Why something stays, as people read it."""
_COLUMNS = ("recorded", "updated", "purchased", "merged", "taken_back")


def show(there: Address) -> None:
    """Prints the imports."""

    async def run(sender: Sender) -> None:
        table = Table("import", "began", *_COLUMNS, box=None)
        for each in await known(sender):
            table.add_row(each["id"], each["first"][:19], *(f"{each[name]:,}" for name in _COLUMNS))
        whole(table)

    _run(there, run)


@dataclass
class Told:
    """What became of an import, counted. Whom and what is only told by ids and names of members: nothing personal.

    `counts` by what is counted, `stays` by reason and member; `since`: who was told something newer, and of what.
    """

    counts: Counter[str] = field(default_factory=Counter)
    stays: Counter[tuple[str, str]] = field(default_factory=Counter)
    since: list[tuple[str, list[str]]] = field(default_factory=list)

    def add(self, item: dict[str, Any]) -> None:
        """Counts what became of one customer."""
        restored = set(item["restored"])
        self.counts.update({
            "customers": 1,
            "records that are no more": item["withdrawn"],
            "records that are what they were": bool(restored),
            "members restored": len(restored - {"refs", "stage"}),
            "lists of references restored": "refs" in restored,
            "stages restored": "stage" in restored,
            "orders refunded": item["orders"],
            "refunds given back": item["refunds"],
            "merges undone": item["merges"],
        })  # fmt: skip
        self.stays.update({(stay["reason"], _member(stay["field"])) for stay in item["stays"]})
        if kept := sorted({_member(each) for each in item["kept"]}):
            self.since.append((item["customer"], kept))


def take_back(there: Address, name: str, *, dry_run: bool) -> None:
    """Takes an import back, and prints what became of it."""

    async def run(sender: Sender) -> None:
        told = Told()
        cursor = None
        while True:
            body = {"dry_run": dry_run, **({"cursor": cursor} if cursor else {})}
            page = await _undone(sender, name, body)
            for item in page["items"]:
                told.add(item)
            cursor = page["next_cursor"]
            if not cursor:
                break
        _tell(told, dry_run)

    _run(there, run)


def _member(part: str) -> str:
    """The name of a part of a record for the terminal: a custom field's is told, a contact's says nothing to people."""
    member, _, _ = part.partition(".")
    return part if member == "custom" else member


async def _undone(sender: Sender, name: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await sender.post(f"/v1/customers/imports/{name}/undo", orjson.dumps(body), "application/json")
    if answer.status_code == 404:
        raise NotServed(f"there is no import {name}: `careledger imports list` names them")
    if answer.status_code != 200:
        raise NotServed(f"the server answered {answer.status_code}")
    page: dict[str, Any] = orjson.loads(answer.content)
    return page


def _tell(told: Told, dry_run: bool) -> None:
    table = Table("would become of the import" if dry_run else "taken back", "", box=None)
    table.columns[1].justify = "right"
    for what, count in told.counts.items():
        table.add_row(what, f"{count:,}")
    out.print(table)
    if told.stays:
        stay = Table("would stay" if dry_run else "stays", "customers", "because", box=None)
        stay.columns[1].justify = "right"
        for (reason, member), count in sorted(told.stays.items(), key=lambda each: (each[0][0], -each[1], each[0][1])):
            stay.add_row(member, f"{count:,}", REASONS.get(reason, reason))
        out.print()
        out.print(stay)
    if told.since:
        since = Table("customer", "changed since, and kept", box=None)
        for customer, members in told.since[:SHOWN]:
            since.add_row(customer, ", ".join(members))
        out.print()
        out.print(since)
        if len(told.since) > SHOWN:
            out.print(f"and {len(told.since) - SHOWN:,} more", style="dim")


def _run(there: Address, run: Callable[[Sender], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with Sender(there) as sender:
            await sender.greet()
            await run(sender)

    try:
        asyncio.run(connected())
    except (GaveUp, NotServed) as failure:
        fail(f"{there.url}: {failure}")
