"""Complaints of one customer: the state of each, folded from its steps (Spot, Correct, Report; domain §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Literal

from services.scoring.domain.answers import ANONYMOUS
from services.scoring.domain.fact import Fact

State = Literal["open", "corrected", "reported", "withdrawn"]

PREFIX = "complaint."
LEADS_TO: dict[tuple[State, str], State] = {
    ("open", "corrected"): "corrected",
    ("open", "withdrawn"): "withdrawn",
    ("corrected", "reported"): "reported",
    ("corrected", "reopened"): "open",
    ("reported", "reopened"): "open",
}
"""The table of the complaints service: a step that is not here counts for nothing until what is missing has come."""

RANK = {"spotted": 0, "corrected": 1, "reported": 2, "reopened": 3, "withdrawn": 4}
"""The steps that matter here in their natural order, for those of one moment: keys would order them by chance."""


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
    value_class: str | None = None
    segments: tuple[str, ...] = ()
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


def complaints(
    facts: Iterable[Fact], person: str = "", value_class: str | None = None, segments: tuple[str, ...] = ()
) -> list[ComplaintRow]:
    """The complaints among `facts` (admitted: each once) of a person, in the order they were spotted.

    Steps are replayed in the order of their times; of those of one moment the first in natural order that is possible
    goes first, so that a reopening and a second correction told with the same time find their places.
    """
    steps = [(fact.time, RANK[step], fact.key, fact.sequence, fact) for fact in facts
             if fact.type.startswith(PREFIX) and (step := fact.type.removeprefix(PREFIX)) in RANK]  # fmt: skip
    rows: dict[str, ComplaintRow] = {}
    for _, moment in groupby(sorted(steps, key=itemgetter(0, 1, 2, 3)), key=itemgetter(0)):
        waiting = [fact for *_, fact in moment]
        while found := next((fact for fact in waiting if _counts(rows.get(fact.data["complaint"]), fact)), None):
            waiting.remove(found)
            name = found.data["complaint"]
            if (row := rows.get(name)) is None:
                rows[name] = _spotted(name, found, person)
                rows[name].value_class, rows[name].segments = value_class, segments
            else:
                _take(row, found)
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


def _counts(row: ComplaintRow | None, fact: Fact) -> bool:
    step = fact.type.removeprefix(PREFIX)
    return step == "spotted" if row is None else (row.state, step) in LEADS_TO


def _take(row: ComplaintRow, fact: Fact) -> None:
    step = fact.type.removeprefix(PREFIX)
    row.state = LEADS_TO[row.state, step]
    if step == "corrected":
        row.corrected_at, row.promptly, row.ever_corrected = fact.time, fact.data.get("promptly"), True
    elif step == "reopened":
        row.corrected_at = row.promptly = None
        row.reopenings += 1
