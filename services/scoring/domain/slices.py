"""Slicing: by what reports are grouped, within which time, and what of anonymous answers may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

R = TypeVar("R")
Key = str | None
"""What a group is called; None: the rows that say nothing of it."""


class Anonymous(Protocol):
    """A row that may be nobody's."""

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows whose it is."""
        ...


A = TypeVar("A", bound=Anonymous)


def month(at: datetime) -> str:
    """The period a moment belongs to: its UTC month, `2026-03`."""
    return at.astimezone(UTC).strftime("%Y-%m")


def within(at: datetime, since: datetime | None, until: datetime | None, as_of: datetime | None) -> bool:
    """Whether a moment lies in [since, until), so that adjoining periods share nothing, and not after `as_of`."""
    return (since is None or at >= since) and (until is None or at < until) and (as_of is None or at <= as_of)


def grouped(rows: Iterable[R], keys: Callable[[R], Iterable[tuple[Key, R]]]) -> dict[Key, list[R]]:
    """The rows by key, keys in order and None last; a row may lie in several groups, with a part of itself in each."""
    groups: dict[Key, list[R]] = {}
    for row in rows:
        for key, part in keys(row):
            groups.setdefault(key, []).append(part)
    return {key: groups[key] for key in sorted(groups, key=lambda key: (key is None, key or ""))}


def shown(rows: Sequence[A], minimum: int) -> tuple[Sequence[A], int]:
    """What of a slice may be shown, and how many anonymous rows are withheld from it.

    Fewer than `minimum` anonymous rows are left out, and the known ones stay: whoever reads the figures may know these
    one by one, and could work out the few others from a mean over all.
    """
    nameless = sum(row.anonymous for row in rows)
    if nameless == 0 or nameless >= minimum:
        return rows, 0
    return [row for row in rows if not row.anonymous], nameless
