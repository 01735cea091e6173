"""Classification runs: started, carried out, resumed where a process died in the middle, and due by a schedule.

Everything that a run tells is keyed by the run, so any number of processes may carry out the same one: each change is
told once. A run that nobody asked for has the id of its due date, so that it is the same one for all of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from libs.events.catalogue.classifications import SUBJECT, ClassificationCompleted, ClassificationStarted
from libs.events.catalogue.customers import ValueClass
from libs.events.decider import Command
from libs.events.envelope import Event
from libs.events.identities import uuid_v8
from libs.events.service import Platform
from libs.events.store.instants import to_micros
from libs.events.units import Request, Unit
from services.profile.domain.classes import due, plain, reason
from services.profile.domain.grouping import Classify, CompleteRun, StartRun
from services.profile.domain.state import Run
from services.profile.domain.windows import start
from services.profile.projections.classes import classes
from services.profile.projections.classifications import after, unfinished
from services.profile.projections.customers import customers
from services.profile.projections.ranking import Change, Ranking, ranked
from services.profile.settings import ProfileSettings, settings

EVERY = 60.0
"""Seconds between looks whether a run is due."""
GIVEN_UP = timedelta(minutes=10)
"""A run that was started longer ago than this and is not done is carried out by whoever sees it."""
PATIENCE = timedelta(seconds=5)
_TOLD = ("subject", "at", "sequence", "recorded", "value_class")
ANSWERED_WITHIN = 5.0
"""Seconds that somebody who asks for a run is kept waiting."""
_under_way: set[asyncio.Task[Run]] = set()
_log = structlog.get_logger()


def asked(
    chosen: ProfileSettings, as_of: datetime, now: datetime, window: str | None = None, *, by: str = "",
    due_on: datetime | None = None,
) -> ClassificationStarted:  # fmt: skip
    """What is to be worked out. Raises ValueError for a window that is none."""
    span = window or chosen.class_window
    said: dict[str, Any] = {"currency": chosen.currency, "by": by or None}
    said["due"] = due_on.date().isoformat() if due_on else None
    return ClassificationStarted(
        as_of=as_of, since=start(span, as_of), window=span, started=now,
        shares={"A": chosen.class_a_below, "B": chosen.class_b_below},
        **{name: value for name, value in said.items() if value is not None},
    )  # fmt: skip


async def perform(platform: Platform, run: str, data: ClassificationStarted) -> Run:
    """Starts a run and carries it out; one that was started or done before is gone on with, or told again."""
    await begin(platform, run, data)
    return await carry_out(platform, run)


async def begin(platform: Platform, run: str, data: ClassificationStarted) -> None:
    """Starts a run: from now on somebody will carry it out, whoever dies meanwhile."""
    await _tell(platform, SUBJECT + run, StartRun(at=data.as_of, data=data), f"classification {run} started")


async def soon(platform: Platform, run: str) -> Run:
    """A run that was started, once it was carried out; as it stands where that takes longer than somebody who waits for
    an answer should. It then goes on by itself."""
    task = asyncio.create_task(carry_out(platform, run))
    _under_way.add(task)
    task.add_done_callback(_left)
    await asyncio.wait([task], timeout=ANSWERED_WITHIN)
    state = await task if task.done() else await find(platform, run)
    assert state, "it was started"
    return state


def _left(task: asyncio.Task[Run]) -> None:
    _under_way.discard(task)
    if not task.cancelled() and (failure := task.exception()):
        _log.error("classification failed; it will be tried again", error=type(failure).__name__)


async def carry_out(platform: Platform, run: str) -> Run:
    """Carries out a run that was started."""
    state = await find(platform, run)
    assert state, "a run is carried out once it was started"
    if state.found:
        return state
    (told,) = await platform.store.history(SUBJECT + run, 0, 1)
    behind = await platform.progress.level(PATIENCE)  # a run sees what was recorded before it was asked for
    async with ranked(platform.database, state.asked) as ranking:
        async for changes in ranking.changes():
            await platform.store.execute_all([
                *_classifications(told, run, state.asked, ranking, changes),
                *await _held(platform, told, run, state.asked, changes),
            ])  # fmt: skip
        found = ClassificationCompleted(
            currency=ranking.currency, counts=ranking.counts, total=plain(ranking.total), changed=ranking.changed,
            values={name: plain(value) for name, value in ranking.values.items()}, unconverted=ranking.unconverted,
            rate_sources=ranking.rate_sources,            behind=behind, completed=platform.clock.now(),
        )  # fmt: skip
    await _tell(
        platform, SUBJECT + run, CompleteRun(at=state.asked.as_of, data=found), f"classification {run} completed"
    )
    done = await find(platform, run)
    assert done, "it was started"
    return done


async def find(platform: Platform, run: str) -> Run | None:
    """A run as it stands; None where there is none."""
    state = (await platform.store.load([SUBJECT + run]))[SUBJECT + run].state
    found: Run | None = state.run
    return found


async def when_due(platform: Platform) -> int:
    """Carries out what is due, and what somebody has left undone; how many runs that were."""
    now, chosen = platform.clock.now(), settings()
    async with platform.database.read() as reader:
        left = await unfinished(reader, now - GIVEN_UP)
    for run in left:
        await carry_out(platform, run)
    on = due(chosen.class_schedule, now, platform.settings.zone)
    if on is None or await _run_for(platform, on) or await _began_after(platform, on):
        return 0
    await perform(platform, _due_id(platform, on), asked(chosen, on, now, due_on=on))
    return 0  # never again at once: what could not be done now is tried with the next look


def _classifications(
    told: Event, run: str, data: ClassificationStarted, ranking: Ranking, changes: Sequence[Change]
) -> Iterator[Unit]:
    for each in changes:
        why = reason(each.place, each.value, each.before, ranking.total, ranking.currency, run, data.shares)
        command = Classify(
            at=data.as_of, value_class=each.value_class, previous=each.previous, reason=why, run=run
        )  # fmt: skip
        yield _unit(told, each.subject, command, f"classification {run} {each.subject}")


async def _held(
    platform: Platform, told: Event, run: str, data: ClassificationStarted, changes: Sequence[Change]
) -> list[Unit]:
    """What later runs said by saying nothing: that a class was still the one in force. Where a run that looks from
    before them changes it, that has to be told now, or the change would seem to last. Of whom nothing had been told
    when a later run was started, that run had never heard."""
    async with platform.database.read() as reader:
        later = await after(reader, data.as_of)
        if not later:
            return []
        rows = await reader.select_in(classes, "subject", [c.subject for c in changes], columns=_TOLD)
    told_of: dict[str, list[tuple[int, int, int, ValueClass]]] = {}
    for subject, *one in rows:
        told_of.setdefault(subject, []).append((one[0], one[1], one[2], one[3]))
    units = []
    for each in changes:
        found = said(later, sorted(told_of.get(each.subject, ())))
        if found and found[1] != each.value_class:
            other, value_class = found
            why = f"as run {other.id} found; run {run} looked from a day before it"
            command = Classify(
                at=other.as_of, value_class=value_class, previous=each.value_class, reason=why, run=other.id
            )  # fmt: skip
            units.append(_unit(told, each.subject, command, f"classification {run} held {each.subject}"))
    return units


def said(later: Sequence[Any], rows: Sequence[tuple[int, int, int, ValueClass]]) -> tuple[Any, ValueClass] | None:
    """The first of later runs that knew a customer, and the class that it left them in without a word; None where it
    spoke, or none of them knew. `rows`: for what moment, in what order, and when which class was told."""
    for run in later:
        as_of, started = to_micros(run.as_of), to_micros(run.recorded)
        if any(at == as_of for at, *_ in rows):
            return None
        if known := [value for at, _, recorded, value in rows if at <= as_of and recorded <= started]:
            return run, known[-1]
    return None


def _unit(told: Event, subject: str, command: Command, name: str) -> Unit:
    # Facts of one moment are folded in the order of their keys: of two runs from the same moment the later one counts.
    key = f"{to_micros(told.recorded):016x}{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return Unit((Request(subject, command, name, key, cause=told.id),))


async def _tell(platform: Platform, subject: str, command: Command, name: str) -> None:
    key = hashlib.sha256(name.encode()).hexdigest()[:32]
    await platform.store.execute(Unit((Request(subject, command, name, key),)))


def _due_id(platform: Platform, on: datetime) -> str:
    label = f"classification due {on.date().isoformat()}"
    return uuid_v8(hmac.digest(platform.identities.secret, label.encode(), "sha256"))


async def _run_for(platform: Platform, on: datetime) -> bool:
    """Whether the run for a due date was started: whoever did that carries it out."""
    return await find(platform, _due_id(platform, on)) is not None


async def _began_after(platform: Platform, on: datetime) -> bool:
    """Whether nothing was recorded by a due date: then nobody was there to miss it."""
    column = customers.c.created
    async with platform.database.read() as reader:
        first = (await reader.conn.execute(select(column).where(customers.c.listed).order_by(column).limit(1))).scalar()
    return first is None or first > on
