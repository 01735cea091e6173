"""What an import is called, by which it can be taken back, and how rows of one that was come in anew.

A row is known again by what it says, whichever file it is in: so importing again is safe. After an import was taken
back its rows must be news once more; then all ids of its family (the same kind and system) are made anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from libs.cli.importing.events import Maker
from libs.cli.sending.sender import Sender

UNDOABLE = ("customers", "purchases")
"""What can be taken back; an answer that somebody gave cannot."""
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}", re.ASCII)


def family(kind: str, system: str) -> str:
    """What the names of all imports of a kind from a system begin with."""
    return f"{kind}-{system or 'file'}-"


async def settled(maker: Maker, sender: Sender) -> Maker:
    """The maker, knowing which imports of its family were taken back. Raises `GaveUp` or `NotServed`."""
    if not maker.importid:
        return maker
    whole = family(maker.kind, maker.system)
    undone = sorted(i["id"] for i in await known(sender) if i["id"].startswith(whole) and i["taken_back"])
    times = sum(each == maker.importid or each.startswith(maker.importid + ".") for each in undone)
    name = f"{maker.importid}.{times + 1}" if times else maker.importid
    return replace(maker, importid=name, anew=" ".join(undone))


async def known(sender: Sender) -> Sequence[dict[str, Any]]:
    """All imports that the service knows. Raises `GaveUp` or `NotServed`."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await sender.get("/v1/customers/imports", limit=200, **({"cursor": cursor} if cursor else {}))
        items += page.get("items", ())
        if not (cursor := page.get("next_cursor") or ""):
            return items
