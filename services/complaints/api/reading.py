"""Finds a complaint: straight from the store, so that nobody misses their own write."""

from __future__ import annotations

from libs.events.service import Platform
from libs.events.units import Position
from libs.web.problems import Problem
from services.complaints.domain.commands import by_id
from services.complaints.domain.state import Complaint, Complaints


async def find(platform: Platform, complaint: str) -> tuple[str, Complaint]:
    """A complaint by its id, with its subject. Raises `Problem`: 404 unknown, 410 about somebody erased."""
    name = by_id(complaint)
    position = (await platform.store.find([name])).get(name)
    found = await at(platform, position) if position else None
    if position is None or found is None:
        raise Problem(404, "unknown_complaint", "there is no such complaint")
    return position.subject, found


async def not_erased(platform: Platform, customer: str) -> None:
    """Raises `Problem` (410) where the customer was erased."""
    if (await platform.store.load([customer]))[customer].erased_before is not None:
        raise erased()


async def at(platform: Platform, position: Position) -> Complaint | None:
    """The complaint that a fact belongs to. Raises `Problem` (410)."""
    loaded = (await platform.store.load([position.subject]))[position.subject]
    if loaded.erased_before is not None:
        raise erased()
    state: Complaints = loaded.state
    return state.at_sequence(position.sequence)


def erased() -> Problem:
    """The 410."""
    return Problem(410, "erased", "this customer was erased")
