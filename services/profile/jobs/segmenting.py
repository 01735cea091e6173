"""Looks who belongs into which segment: at once where facts touched somebody, at everybody where a segment was defined
anew, and once a day for rules that time alone makes true or false.

Before anything is told it is compared, under the customer's lock, with what was told last: so each passage is told once
however many look. A rebuild, or a new version's first start, empties the read models: until these are level again
nobody is looked at, for half of what is known of somebody must not send them out of a segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select, tuple_

from libs.events.catalogue.segments import CustomerSegmented
from libs.events.service import Platform
from libs.events.store.database import Reader
from libs.events.store.instants import from_micros
from libs.events.units import Request, Unit
from services.profile.api import reading
from services.profile.domain import rules
from services.profile.domain.grouping import Pass
from services.profile.domain.judging import Bought, Known, because
from services.profile.domain.segments import news
from services.profile.projections.customers import customers
from services.profile.projections.purchases import amount_of, purchases
from services.profile.projections.segments import members, segments
from services.profile.projections.touched import sweeps, touched

EVERY = 0.5
BATCH = 200
LEVEL = "level"
"""The sweep that stands for read models that were seen level since they were last empty."""
REMOVED = "the segment was removed"
_BOUGHT = ("subject", "sequence", "currency", "at", "refund_of", "units", "millionths")


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment as it stands; `rule` None: it was removed, and nobody belongs into it."""

    id: str
    event: str
    name: str
    vip: bool
    rule: rules.Rule | None


async def segment(platform: Platform) -> int:
    """Looks at some of those who have to be looked at; how many they were."""
    async with platform.database.read() as reader:
        standing = await standings(reader)
        done = dict(list(map(tuple, (await reader.conn.execute(select(sweeps.c.name, sweeps.c.done))).all())))
    if not standing:
        return 0
    if LEVEL not in done:
        if await platform.progress.level(timedelta(0)):
            return 0
        await _swept(platform, LEVEL, "", True)
    day = platform.clock.now().astimezone(platform.settings.zone).date().isoformat()
    for name, some in _wanted(standing, day).items():
        if not done.get(name):
            return await _sweep(platform, name, some)
    return await _touched(platform, standing)


async def standings(reader: Reader) -> list[Standing]:
    """All segments, those that were removed among them."""
    rows = (await reader.conn.execute(select(segments).order_by(segments.c.created, segments.c.id))).all()
    found = []
    for row in rows:
        defined = orjson.loads(row.defined)
        rule = None if row.removed else rules.parse(defined["rule"])
        found.append(Standing(row.id, row.event, defined["name"], defined.get("vip", False), rule))
    return found


def _wanted(standing: Sequence[Standing], day: str) -> dict[str, list[Standing]]:
    """The sweeps that there have to be, with the segments that each looks at."""
    wanted = {f"{s.id} {s.event}": [s] for s in standing}
    if moving := [s for s in standing if s.rule and rules.moves(s.rule)]:
        wanted[f"day {day}"] = moving
    return wanted


async def _sweep(platform: Platform, name: str, some: Sequence[Standing]) -> int:
    removed = all(s.rule is None for s in some)
    if removed and await platform.progress.level(timedelta(seconds=1)):
        return 0  # somebody may have entered it a moment ago, whom its list does not have yet
    async with platform.database.read() as reader:
        here = select(sweeps.c.cursor).where(sweeps.c.name == name)
        cursor = (await reader.conn.execute(here)).scalar() or ""
        query = select(customers.c.subject).where(customers.c.listed, customers.c.subject > cursor)
        if removed:
            inside = members.c.segment.in_([s.id for s in some])
            query = select(members.c.subject).where(inside, members.c.subject > cursor)
        order = query.order_by("subject").limit(BATCH)
        subjects = (await reader.conn.execute(order)).scalars().all()
    await look(platform, dict.fromkeys(subjects, some[0].event if len(some) == 1 else name), some)
    await _swept(platform, name, subjects[-1] if subjects else cursor, len(subjects) < BATCH)
    return 1


async def _swept(platform: Platform, name: str, cursor: str, done: bool) -> None:
    async with platform.database.begin() as tx:
        # of two who sweep at once the one who is behind changes nothing
        await tx.upsert(sweeps, [(name, cursor, done)], where="excluded.cursor >= profile_sweeps.cursor")
        if done and name.startswith("day "):
            old = sweeps.c.name.startswith("day ", autoescape=True) & (sweeps.c.name < name)
            await tx.conn.execute(delete(sweeps).where(old))


async def _touched(platform: Platform, standing: Sequence[Standing]) -> int:
    async with platform.database.read() as reader:
        marks = (await reader.conn.execute(select(touched).limit(BATCH))).all()
    if not marks:
        return 0
    await look(platform, {mark.subject: mark.event for mark in marks}, standing)
    async with platform.database.begin() as tx:
        # only the marks that were looked at: a fact that came meanwhile has put its own in their place
        seen = [(mark.subject, mark.event) for mark in marks]
        await tx.conn.execute(delete(touched).where(tuple_(touched.c.subject, touched.c.event).in_(seen)))
    return len(marks)


async def look(platform: Platform, causes: Mapping[str, str], some: Sequence[Standing]) -> None:
    """Tells of these customers which of the segments they enter and leave; `causes`: on account of which fact."""
    units = []
    for subject, known in (await known_of(platform, list(causes))).items():
        passages = []
        for each in some:
            true, why = because(each.rule, known) if each.rule else (False, REMOVED)
            passage = CustomerSegmented(
                segment=each.id, name=each.name, vip=each.vip, change="entered" if true else "left", reason=why
            )
            if news(passage, known.person):
                passages.append(passage)
        if passages:
            cause = next((c for s, c in causes.items() if s == subject), next(iter(causes.values())))
            units.append(_unit(subject, Pass(at=known.now, passages=tuple(passages)), cause))
    if units:
        await platform.store.execute_all(units)


async def known_of(platform: Platform, subjects: Sequence[str]) -> dict[str, Known]:
    """What is known of the persons that these ids belong to, by the ids that answer for them."""
    now = platform.clock.now()
    found = (await reading.find(platform, subjects)).values() if subjects else ()
    people = {p.id: p for p in found if isinstance(p, reading.Person) and p.state.known}
    whose = {subject: p.id for p in people.values() for subject in (p.id, *p.ids)}
    bought: dict[str, dict[tuple[str, int], Bought]] = {}
    async with platform.database.read() as reader:
        rows = await reader.select_in(purchases, "subject", sorted(whose), columns=_BOUGHT) if whose else ()
    for subject, sequence, currency, at, refund_of, units, millionths in rows:
        of = bought.setdefault(whose[subject], {})
        worth = of[subject, sequence].worth if (subject, sequence) in of else {}
        worth = {**worth, currency: amount_of(units, millionths)}
        of[subject, sequence] = Bought(from_micros(at), bool(refund_of), worth)
    return {p.id: Known(p.state, list(bought.get(p.id, {}).values()), now) for p in people.values()}


def _unit(subject: str, command: Pass, cause: str) -> Unit:
    # named for the look and not for its cause alone: after the same fact somebody may be looked at more than once
    told: Any = [(p.segment, p.change) for p in command.passages]
    name = f"segments {subject} {command.at.isoformat()} {cause} {told}"
    return Unit((Request(subject, command, name, hashlib.sha256(name.encode()).hexdigest()[:32], cause=cause),))
