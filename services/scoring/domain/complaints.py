"""Complaints of one customer: the state of each, folded from its steps (Spot, Correct, Report; domain §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.scoring.domain.answers import ANONYMOUS
from services.scoring.domain.fact import Fact

State = Literal["open", "corrected", "reported", "withdrawn"]

PREFIX = "complaint."
RANK = {
    PREFIX + step: rank
    for rank, step in enumerate((
        "spotted", "acknowledged", "assigned", "escalated", "paused", "resumed",
        "corrected", "reported", "reopened", "withdrawn", "overdue", "rescinded",
    ))
}  # fmt: skip
"""The natural order of steps that happened in one moment; their keys are digests and would order them by chance."""


@dataclass(slots=True)
class ComplaintRow:
    """One complaint as of a day: what it can be grouped by, and how it stands.

    `corrected_at` and `promptly` are those of the correction that holds (None while open or withdrawn; `promptly` also
    where nobody judged it); `ever_corrected` and `reopenings` keep what came undone.
    """

    complaint: str
    person: str
    spotted_at: datetime
    severity: str
    dimension: str | None = None
    cause: str | None = None
    programme: str | None = None
    staff: str | None = None
    department: str | None = None
    channel: str | None = None
    state: State = "open"
    corrected_at: datetime | None = None
    promptly: bool | None = None
    ever_corrected: bool = False
    reopenings: int = 0

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows whose complaint it is."""
        return self.person.startswith(ANONYMOUS)

    @property
    def corrected(self) -> bool:
        """Whether it was put right and stayed so; reporting comes after correcting."""
        return self.state in ("corrected", "reported")


@dataclass(frozen=True, slots=True)
class ComplaintCounts:
    """How a customer's complaints stand. Withdrawn ones are in neither."""

    open: int = 0
    corrected: int = 0
    corrected_promptly: int = 0


def _step_order(fact: Fact) -> tuple[datetime, int, str, int]:
    return fact.time, RANK.get(fact.type, len(RANK)), fact.key, fact.sequence


def complaints(facts: Iterable[Fact], person: str = "") -> list[ComplaintRow]:
    """The complaints among `facts` (admitted: each once), in the order they were spotted."""
    rows: dict[str, ComplaintRow] = {}
    for fact in sorted((fact for fact in facts if fact.type.startswith(PREFIX)), key=_step_order):
        name = fact.data["complaint"]
        if fact.type == PREFIX + "spotted":
            rows.setdefault(name, _spotted(name, fact, person))
        elif (row := rows.get(name)) is not None:
            _take(row, fact)
    return list(rows.values())


def counts(rows: Iterable[ComplaintRow]) -> ComplaintCounts:
    """How many complaints are open, corrected, and of these corrected promptly."""
    opened = corrected = promptly = 0
    for row in rows:
        opened += row.state == "open"
        corrected += row.corrected
        promptly += row.corrected and row.promptly is True
    return ComplaintCounts(opened, corrected, promptly)


def _spotted(name: str, fact: Fact, person: str) -> ComplaintRow:
    data = fact.data
    return ComplaintRow(
        name, person or fact.subject, fact.time, data["severity"], data.get("dimension"), data.get("cause"),
        data.get("programme"), data.get("staff"), data.get("department"), data.get("channel"),
    )  # fmt: skip


def _take(row: ComplaintRow, fact: Fact) -> None:
    match fact.type.removeprefix(PREFIX):
        case "corrected":
            row.state, row.corrected_at, row.promptly = "corrected", fact.time, fact.data.get("promptly")
            row.ever_corrected = True
        case "reported":
            row.state = "reported"
        case "reopened":
            row.state, row.corrected_at, row.promptly = "open", None, None
            row.reopenings += 1
        case "withdrawn":
            row.state, row.corrected_at, row.promptly = "withdrawn", None, None
