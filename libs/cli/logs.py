"""Publishing to a log and watching it."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import orjson
import typer

from libs.cli.importing.columns import Columns
from libs.cli.importing.events import Made, Maker
from libs.cli.importing.reading import Source, Unreadable
from libs.cli.importing.report import Report
from libs.cli.screen import BAD, err, fail
from libs.cli.sending.routes import INBOUND
from libs.events.catalogue import TOPICS
from libs.events.envelope import Event, Malformed
from libs.events.log import Log, Outgoing, Record, Slot, Unavailable
from libs.events.log.opening import open_log
from libs.events.settings import Settings

STRUCTURED = b"application/cloudevents+json; charset=UTF-8"
BATCH = 500
PAUSE = 0.5


def run(url: str, work: Callable[[Log], Awaitable[int]]) -> None:
    """Connects, works, and ends the command with the exit code that `work` answers."""

    async def connected() -> int:
        log = open_log(url or Settings().log())
        try:
            await log.start()
            return await work(log)
        finally:
            await log.stop()

    try:
        raise typer.Exit(asyncio.run(connected()))
    except (Unavailable, ValueError, Unreadable) as why:
        fail(str(why))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def publish_file(log: Log, file: str, topic: str) -> int:
    """Publishes the events of a file; lines that are none are told. Answers the exit code."""
    door = topic.removeprefix("careledger.").removeprefix("inbound.")
    if topic and door not in INBOUND:
        fail("--topic is inbound.customers, inbound.care or inbound.complaints")
    missing = [t for t in ([INBOUND[door]] if door else INBOUND.values()) if not await log.ends(t)]
    if missing:
        fail("the inbound topics are not there yet: the services make them when they start")
    maker, report, published = Maker("events", Columns("events"), ""), Report(), 0
    with Source(file) as source:
        if not source.json:
            fail("events are JSON Lines of CloudEvents")
        batch: dict[str, list[Outgoing]] = defaultdict(list)
        for row in source.rows():
            made = maker.make(row)
            if not isinstance(made, Made):
                report.tell(row.number, row.line, "", made)
                continue
            records = batch[INBOUND[door or made.door]]
            records.append(Outgoing(made.whose.encode(), made.body, [("content-type", STRUCTURED)]))
            published += 1
            if len(records) == BATCH:
                await log.publish(INBOUND[door or made.door], records)
                records.clear()
        for name, records in batch.items():
            if records:
                await log.publish(name, records)
    report.show_faults(err)
    err.print(f"{published:,} events published, {report.bad:,} lines are none")
    return BAD if report.bad else 0


async def tail_topics(log: Log, topics: Sequence[str], *, from_start: bool, follow: bool) -> int:
    """Prints facts until there are no more, or for ever."""
    known = {name.removeprefix("careledger."): name for name in TOPICS.values()}
    if unknown := {t.removeprefix("careledger.") for t in topics} - set(known):
        fail(f"there is no topic {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    names = [known[t.removeprefix("careledger.")] for t in topics] or list(known.values())
    ends = {slot: end for name in names for slot, end in (await log.ends(name)).items()}
    left = {slot: end for slot, end in ends.items() if end} if from_start else {}

    async def locate(slots: Sequence[Slot]) -> dict[Slot, int]:
        return {slot: 0 if from_start else ends.get(slot, 0) for slot in slots}

    consumer = log.consumer(f"careledger-tail-{uuid.uuid4().hex[:12]}", names, locate)
    await consumer.start()
    try:
        while follow or left:
            for slot, records in (await consumer.fetch(BATCH, PAUSE)).items():
                for record in records:
                    print_record(record)
                if records[-1].offset + 1 >= left.get(slot, 0):
                    left.pop(slot, None)
            sys.stdout.flush()
    finally:
        await consumer.stop()
    return 0


def print_record(record: Record) -> None:
    """One fact as one line; what is none is said by where it stands."""
    try:
        line = orjson.dumps(Event.from_record(record.headers, record.value).structured()).decode()
    except Malformed as why:
        err.print(f"{record.topic}/{record.partition} at {record.offset}: no fact ({why})", markup=False)
        return
    print(line)
