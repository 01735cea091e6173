"""The operator's hand in a service's quarantine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from libs.cli.screen import fail, out, whole
from libs.events.catalogue import TOPICS
from libs.events.clock import SystemClock
from libs.events.consuming.quarantine import Entry, Quarantine, Unknown
from libs.events.log import Record
from libs.events.settings import Settings
from libs.events.store.opening import open_database
from libs.events.vault.keys import KeyUnavailable, LocalKeyProvider

HINT = ("content-type", "ce_type", "ce_dataschema")
"""Headers that name nobody."""


def entries(service: str, reason: str, limit: int) -> None:
    """Lists entries."""

    async def work(quarantine: Quarantine) -> None:
        found = await quarantine.list(reason=reason, limit=limit)
        if not found:
            out.print("the quarantine is empty" if not reason else "nothing there for that reason")
            return
        table = Table("entry", "kind", "state", "type", "reason", "where", "since", box=None)
        for e in found:
            where = f"{e.topic}/{e.partition}@{e.offset}" if e.topic else "http"
            table.add_row(e.id, e.kind, e.state, e.type, e.reason, where, f"{e.created:%Y-%m-%d %H:%M}")
        whole(table)

    _with(service, work)


def one(service: str, entry: str, *, reveal: bool) -> None:
    """Shows an entry; its bytes only to those who ask for them."""

    async def work(quarantine: Quarantine) -> None:
        try:
            found = await quarantine.show(entry)
        except KeyUnavailable:
            fail("its bytes do not open with this deployment's CARELEDGER_MASTER_KEY")
        table = Table(show_header=False, box=None)
        for told in _told(found):
            table.add_row(*told)
        out.print(table)
        if reveal and found.record:
            for header, value in found.record.headers.items():
                out.print(f"{header}: {value.decode('utf-8', 'replace')}", markup=False, soft_wrap=True)
            out.print(found.record.value.decode("utf-8", "replace"), markup=False, soft_wrap=True)

    _with(service, work)


def ask(service: str, ids: Sequence[str], what: Literal["retry", "discard"]) -> None:
    """Asks for a retry or discard; the consumer that owns the entry does it."""

    async def work(quarantine: Quarantine) -> None:
        for entry in ids:
            await (quarantine.retry(entry) if what == "retry" else quarantine.discard(entry))
            out.print(f"{entry}: {what} asked for", markup=False)

    _with(service, work)


def _told(e: Entry) -> list[tuple[str, str]]:
    told = {
        "entry": e.id, "kind": e.kind, "state": e.state, "reason": e.reason, "error": e.error, "type": e.type,
        "consumer": e.consumer, "topic": f"{e.topic} partition {e.partition} offset {e.offset}" if e.topic else "",
        "subject": e.subject, "sequence": str(e.sequence or ""), "attempts": str(e.attempts),
        "since": f"{e.created:%Y-%m-%d %H:%M:%S}Z", "bytes kept until": f"{e.expires:%Y-%m-%d %H:%M:%S}Z",
        "bytes": _size(e.record),
    }  # fmt: skip
    return [(name, value) for name, value in told.items() if value]


def _size(record: Record | None) -> str:
    if record is None:
        return "no longer kept"
    plain = [f"{h}: {record.headers[h].decode('utf-8', 'replace')}" for h in HINT if h in record.headers]
    return "\n".join([f"{len(record.value):,} (--reveal prints them)", *plain])


def _with(service: str, work: Callable[[Quarantine], Awaitable[None]]) -> None:
    if service not in TOPICS:
        fail(f"--service is one of {', '.join(TOPICS)}")
    settings = Settings()
    url = settings.database(service)
    file = make_url(url).database if url.startswith("sqlite") else None
    if file and not _exists(file):
        fail("there is no such database: is DATA_DIR the one that the services run with?")

    async def opened() -> None:
        from libs.runtime.secrets import load_secrets

        sealer = LocalKeyProvider(load_secrets(settings).master).service_key(service)
        database = open_database(url, 1)
        try:
            await work(Quarantine(database, sealer, SystemClock()))
        finally:
            await database.close()

    try:
        asyncio.run(opened())
    except Unknown:
        fail("there is no such entry; a fork cannot be retried")
    except (DBAPIError, OSError) as error:
        fail(f"the database cannot be used ({type(error).__name__})")


def _exists(file: str) -> bool:
    from pathlib import Path

    return Path(file).exists()
