"""Facts across all customers, as reports need them, with who is whom."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from libs.events.store.database import Database, Reader
from services.scoring.domain.answers import AnswerRow
from services.scoring.domain.complaints import ComplaintRow, complaints
from services.scoring.domain.fact import Fact
from services.scoring.projections.people import fact_of

_COLUMNS = "subject, service, sequence, id, epoch, type, version, time, recorded, key, cause, data, canonical"
_ANSWERS = f"SELECT {_COLUMNS} FROM facts WHERE type = 'survey.answered'"  # noqa: S608
_COMPLAINTS = f"SELECT {_COLUMNS} FROM facts WHERE type LIKE 'complaint.%'"  # noqa: S608
_CLASSES = "SELECT subject, data FROM facts WHERE type = 'customer.classified' ORDER BY time, sequence"
_LINKS = "SELECT subject, other, survives FROM links WHERE until IS NULL"


async def answers(database: Database, upto: int) -> list[AnswerRow]:
    """Every answer that happened by `upto` (microseconds since 1970), whose it is as merges stand now."""
    async with database.read() as reader:
        people = await _people(reader)
        classes = await _classes(reader, people)
        rows = await reader.rows(_ANSWERS + " AND time <= ?", upto)
    found = []
    for fact in map(fact_of, rows):
        person = people.get(fact.subject, fact.subject)
        found.append(AnswerRow.of(fact, person, classes.get(person)))
    return found


async def complained(database: Database, upto: int) -> list[ComplaintRow]:
    """Every complaint that was spotted by `upto` (microseconds since 1970), as it stood then."""
    async with database.read() as reader:
        rows = await reader.rows(_COMPLAINTS + " AND time <= ?", upto)
    by_subject: dict[str, list[Fact]] = {}
    for fact in map(fact_of, rows):
        by_subject.setdefault(fact.subject, []).append(fact)
    return [row for facts in by_subject.values() for row in complaints(facts)]


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


async def _classes(reader: Reader, people: Mapping[str, str]) -> dict[str, str]:
    """The latest value class of each person."""
    classes: dict[str, str] = {}
    for subject, data in await reader.rows(_CLASSES):
        classes[people.get(subject, subject)] = orjson.loads(data)["value_class"]
    return classes
