"""Facts across all customers, as reports need them, with who is whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from libs.events.store.database import Database, Reader
from services.scoring.domain.answers import AnswerRow
from services.scoring.domain.complaints import ComplaintRow, complaints
from services.scoring.domain.fact import Fact
from services.scoring.projections.people import fact_of

_COLUMNS = "subject, service, sequence, id, epoch, type, version, time, recorded, key, cause, data, canonical"
_ANSWERS = f"SELECT {_COLUMNS} FROM facts WHERE type = 'survey.answered'"  # noqa: S608
_COMPLAINTS = f"SELECT {_COLUMNS} FROM facts WHERE type LIKE 'complaint.%'"  # noqa: S608
_CLASSES = "SELECT subject, data FROM facts WHERE type = 'customer.classified' AND time <= ? ORDER BY time, sequence"
_SEGMENTS = "SELECT subject, data FROM facts WHERE type = 'customer.segmented' AND time <= ? ORDER BY time, sequence"
_LINKS = "SELECT subject, other, survives FROM links WHERE until IS NULL"


@dataclass(frozen=True, slots=True)
class Customers:
    """Whose subjects are whose as merges stand now, and, where it is grouped by them, the classes and segments that
    each person was in."""

    people: Mapping[str, str]
    classes: Mapping[str, str]
    segments: Mapping[str, Mapping[str, str]]

    def of(self, subject: str) -> tuple[str, str | None, tuple[str, ...]]:
        """The person behind a subject, their class and the ids of their segments."""
        person = self.people.get(subject, subject)
        return person, self.classes.get(person), tuple(sorted(self.segments.get(person, ())))

    @property
    def names(self) -> dict[str, str]:
        """What the segments that anybody is in are called."""
        return {segment: name for entered in self.segments.values() for segment, name in entered.items()}


async def answers(database: Database, upto: int, by: str) -> tuple[list[AnswerRow], Customers]:
    """Every answer that happened by `upto` (microseconds since 1970), with what is known of who gave it."""
    async with database.read() as reader:
        customers = await _customers(reader, upto, by)
        rows = await reader.rows(_ANSWERS + " AND time <= ?", upto)
    return [AnswerRow.of(fact, *customers.of(fact.subject)) for fact in map(fact_of, rows)], customers


async def complained(database: Database, upto: int, by: str) -> tuple[list[ComplaintRow], Customers]:
    """Every complaint that was spotted by `upto` (microseconds since 1970), as it stood then, likewise."""
    async with database.read() as reader:
        customers = await _customers(reader, upto, by)
        rows = await reader.rows(_COMPLAINTS + " AND time <= ?", upto)
    by_subject: dict[str, list[Fact]] = {}
    for fact in map(fact_of, rows):
        by_subject.setdefault(fact.subject, []).append(fact)
    found = [row for subject, facts in by_subject.items() for row in complaints(facts, *customers.of(subject))]
    return found, customers


async def _customers(reader: Reader, upto: int, by: str) -> Customers:
    people = await _people(reader)
    classes = await _classes(reader, people, upto) if by == "value_class" else {}
    segments = await _segments(reader, upto) if by == "segment" else {}
    return Customers(people, classes, segments)


async def _people(reader: Reader) -> Mapping[str, str]:
    """For each merged subject, whose id answers for it."""
    onward = {subject: other for subject, other, survives in await reader.rows(_LINKS) if not survives}

    def end(subject: str) -> str:
        seen = {subject}
        while (after := onward.get(subject)) and after not in seen:
            seen.add(after)
            subject = after
        return subject

    return {subject: end(subject) for subject in onward}


async def _classes(reader: Reader, people: Mapping[str, str], upto: int) -> dict[str, str]:
    """The latest value class of each person."""
    classes: dict[str, str] = {}
    for subject, data in await reader.rows(_CLASSES, upto):
        classes[people.get(subject, subject)] = orjson.loads(data)["value_class"]
    return classes


async def _segments(reader: Reader, upto: int) -> dict[str, dict[str, str]]:
    """The segments that each customer was in, by id, with their names. Profile tells of persons, under the ids that
    answer for them; what an id was in by itself before it was merged is no more."""
    inside: dict[str, dict[str, str]] = {}
    for subject, data in await reader.rows(_SEGMENTS, upto):
        passage = orjson.loads(data)
        entered = inside.setdefault(subject, {})
        if passage["change"] == "entered":
            entered[passage["segment"]] = passage["name"]
        else:
            entered.pop(passage["segment"], None)
    return inside
