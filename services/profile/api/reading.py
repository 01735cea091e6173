"""Finds the person behind an id: straight from the store, so that nobody misses their own write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.decider import Refused
from libs.events.identities import as_id
from libs.events.service import Platform
from libs.web.problems import Problem
from libs.web.refusals import of_refusal
from services.profile.domain.persons import joined
from services.profile.domain.records import value_of
from services.profile.domain.stages import Move
from services.profile.domain.state import Customer
from services.profile.projections.customers import members_of, merged_into
from services.profile.search.likeness import form_of
from services.profile.settings import settings

GENERATIONS = 16


@dataclass(frozen=True, slots=True)
class Person:
    """A person under the id that answers for them; `ids` are all the others."""

    id: str
    state: Customer
    ids: tuple[str, ...]
    own: Customer
    """The state of the answering id alone."""
    others: Mapping[str, Customer]
    """The states of all the others."""

    @property
    def version(self) -> int:
        """The version of the record as it is shown: a change under any of the ids makes another one."""
        return self.own.version + sum(state.version for state in self.others.values())

    @property
    def merges(self) -> tuple[str, ...]:
        """The merges by which the ids are one."""
        return tuple(sorted(state.merge for state in self.others.values() if state.merge))

    @property
    def seen(self) -> dict[str, tuple[Any, datetime]]:
        """What the record shows, and for which moments that was stated: what somebody who changes it has seen."""
        return {name: (value_of(self.state.record, name), said.at) for name, said in self.state.touched.items()}

    def moves_beside(self, subject: str) -> tuple[Move, ...]:
        """The moves of the stage that all ids but one tell of."""
        states = {self.id: self.own, **self.others}
        return tuple(move for each, state in states.items() if each != subject for move in state.moves)

    def having(self, subject: str, state: Customer) -> Customer:
        """The person, one of whose ids is now in this state."""
        states = {self.id: self.own, **self.others, subject: state}
        return one(states.pop(self.id), states)

    def version_having(self, subject: str, state: Customer) -> int:
        """The version of that record."""
        return self.version - {self.id: self.own, **self.others}[subject].version + state.version


def one(survivor: Customer, others: Mapping[str, Customer]) -> Customer:
    """The person that ids are together."""
    return joined(survivor, others, form=form_of(settings().region))


async def find(platform: Platform, asked: Sequence[str]) -> dict[str, Person | Problem]:
    """The person behind each id, or the problem that says why there is none: 404 unknown, 410 erased."""
    states: dict[str, Customer] = {}
    erased: set[str] = set()
    frontier = set(asked)
    while frontier:  # to the survivors
        for subject, loaded in (await platform.store.load(frontier)).items():
            states[subject] = loaded.state
            if loaded.erased_before is not None:
                erased.add(subject)
        frontier = {s.merged_into for s in states.values() if s.merged_into} - states.keys()
    ends = {subject: survivor_of(subject, states) for subject in asked}
    async with platform.database.read() as reader:  # and back to all that were merged into them
        below = await merged_into(reader, set(ends.values()))
    missing = {subject for ids in below.values() for subject in ids} - states.keys()
    if missing:
        for subject, loaded in (await platform.store.load(missing)).items():
            states[subject] = loaded.state
            if loaded.erased_before is not None:
                erased.add(subject)
    return {subject: _person(end, states, erased) for subject, end in ends.items()}


def survivor_of(subject: str, states: dict[str, Customer]) -> str:
    """The id that answers for a subject."""
    seen = {subject}
    while (onward := states[subject].merged_into) and onward not in seen:
        seen.add(onward)
        subject = onward
    return subject


def _person(end: str, states: dict[str, Customer], erased: set[str]) -> Person | Problem:
    if end in erased:
        return Problem(410, "erased", "this customer was erased")
    others = members_of(end, states)
    state = one(states[end], others)
    if not state.known and not others:
        return Problem(404, "unknown_customer", "there is no such customer")
    return Person(end, state, tuple(sorted(others)), states[end], others)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: the id, and the person behind it (or the problem that says why there is none)."""

    id: str
    found: Person | Problem

    @property
    def person(self) -> Person:
        """The person. Raises `Problem`."""
        if isinstance(self.found, Problem):
            raise self.found
        return self.found


async def find_named(platform: Platform, names: Collection[str]) -> dict[str, Named]:
    """Who ids and references stand for."""
    found: dict[str, Named] = {}
    waiting = set(names)
    for generation in range(GENERATIONS):
        ids = {}
        for name in waiting:
            try:
                ids[name] = platform.identities.resolve(name, generation)
            except Refused as refusal:
                found[name] = Named("", of_refusal(refusal))
        people = await find(platform, list(ids.values()))
        # who was erased and came back by the same reference is in a later generation
        waiting = set()
        for name, subject in ids.items():
            person = people[subject]
            absent = isinstance(person, Problem) and person.status == 404
            if not (generation and absent):
                found[name] = Named(subject, person)
            if isinstance(person, Problem) and person.status == 410 and as_id(name) is None:
                waiting.add(name)
        if not waiting:
            break
    return found


async def find_one(platform: Platform, subject: str) -> Person:
    """The person behind an id. Raises `Problem` (404, 410)."""
    found = (await find(platform, [subject]))[subject]
    if isinstance(found, Problem):
        raise found
    return found
