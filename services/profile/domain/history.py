"""The history of a person: what each fact changed in what their record shows, in the order in which things happened.

A merge says who somebody always was, so the facts of all ids count from the first; what was chosen in a merge counts
from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events.decider import Happened
from services.profile.domain.evolve import evolve
from services.profile.domain.lists import Form, as_told
from services.profile.domain.persons import joined
from services.profile.domain.records import MEMBERS
from services.profile.domain.state import Customer

FIELDS = ("stage", "value_class", *MEMBERS, "contacts", "consents", "segments")
"""What may change, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of one of the ids; `type` without prefix."""

    subject: str
    type: str
    key: str
    recorded: datetime
    happened: Happened

    @property
    def order(self) -> tuple[datetime, str, str, int]:
        """The order of the fold."""
        return self.happened.at, self.key, self.subject, self.happened.sequence


@dataclass(frozen=True, slots=True)
class Change:
    """A field that shows something else than before."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """What one fact changed."""

    fact: Fact
    changes: tuple[Change, ...]


class Unfolding:
    """A person as they come to be, fact by fact. `members`: all their ids as they are now, `answering` among them;
    `form`: in which entries of lists are the same."""

    def __init__(self, members: Mapping[str, Customer], answering: str, form: Form) -> None:
        self._members, self._answering, self._form = members, answering, form
        self._states = {subject: _edge_of(state, Customer()) for subject, state in members.items()}

    def person(self, as_of: datetime) -> Customer:
        """The person as folded so far, with what was chosen by `as_of`."""
        others = {subject: state for subject, state in self._states.items() if subject != self._answering}
        return joined(self._states[self._answering], others, as_of, self._form)

    def take(self, fact: Fact) -> None:
        """One more fact."""
        state = evolve(self._states[fact.subject], fact.happened)
        self._states[fact.subject] = _edge_of(self._members[fact.subject], state)


def _edge_of(present: Customer, state: Customer) -> Customer:
    edge = ("merged_into", "merge", "merged_at", "choices")
    return state.model_copy(update={name: getattr(present, name) for name in edge})


def as_of(
    members: Mapping[str, Customer], answering: str, facts: Iterable[Fact], moment: datetime, form: Form = as_told
) -> Customer:
    """The person as of a moment: what had happened by then, as is known now."""
    unfolding = Unfolding(members, answering, form)
    for fact in sorted((f for f in facts if f.happened.at <= moment), key=lambda f: f.order):
        unfolding.take(fact)
    return unfolding.person(moment)


def history(
    members: Mapping[str, Customer], answering: str, facts: Iterable[Fact], form: Form = as_told
) -> Iterator[Entry]:
    """Every fact that changed something, or said who is whom, in the order in which they happened."""
    unfolding = Unfolding(members, answering, form)
    before = dict.fromkeys(FIELDS)
    for fact in sorted(facts, key=lambda f: f.order):
        unfolding.take(fact)
        after = _shown(unfolding.person(fact.happened.at))
        changes = tuple(Change(name, before[name], after[name]) for name in FIELDS if before[name] != after[name])
        if changes or fact.type in ("customer.merged", "customer.unmerged"):
            yield Entry(fact, changes)
        before = after


def _shown(person: Customer) -> dict[str, Any]:
    if not person.known:
        return dict.fromkeys(FIELDS)
    told: dict[str, Any] = {"stage": person.stage, "value_class": person.value_class}
    allowed = {purpose: person.consents[purpose].granted for purpose in sorted(person.consents)}
    told |= {name: person.record.get(name) for name in (*MEMBERS, "contacts")} | {"consents": allowed or None}
    return told | {"segments": sorted(of.name for of in person.segments.values()) or None}
