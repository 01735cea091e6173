"""The services' own rules without their stores: what they tell is a valid sequence of facts for every subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.events import catalogue
from libs.events.catalogue.customers import CustomerUnmerged
from libs.events.decider import Command, Happened, NewEvent, Refused
from libs.events.envelope import Event
from libs.events.values import Data
from services.care.domain.decide import CareDecider
from services.complaints.domain.decide import ComplaintsDecider
from services.profile.domain.decide import CustomerDecider

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SEALED = {"sealed": "c2VhbGVk"}
Key = tuple[str, str]


@dataclass
class Teller:
    """Asks deciders and numbers what they tell. `now` is the moment of receipt, which never goes back."""

    now: datetime = START
    epoch: int = 0
    events: list[Event] = field(default_factory=list)
    deciders: dict[str, Any] = field(
        default_factory=lambda: {"profile": CustomerDecider(), "care": CareDecider(), "complaints": ComplaintsDecider()}
    )
    states: dict[Key, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def ask(self, service: str, subject: str, command: Command, *, cause: str = "", erases: bool = False) -> None:
        """One command; what is refused or known already tells nothing."""
        unique, needs = command.unique(subject), command.needs(subject)
        if subject in self.erased or self.names & set(unique) or not self.names >= set(needs):
            return
        state = self.states.get((service, subject), self.deciders[service].initial())
        try:
            new: Sequence[NewEvent] = self.deciders[service].decide(command, state)
        except Refused:
            return
        key = f"key-{len(self.events)}"
        for nth, told in enumerate(new):
            self.tell(service, subject, told.data, told.at or command.at, f"{key}.{nth}" if nth else key, cause)
            self.names |= {*unique, *told.names}
        if erases and new:
            self.erased.add(subject)

    def tell(self, service: str, subject: str, data: Data, at: datetime, key: str, cause: str = "") -> None:
        """One fact, numbered and folded."""
        kind = catalogue.type_of(type(data))
        dumped = data.model_dump(mode="json", exclude_unset=True)
        sealed = {name: SEALED for name in kind.personal if dumped.get(name) is not None}
        sequence = self.sequence(service, subject) + 1
        event = Event(
            id=f"event-{len(self.events)}-{self.epoch}", type=kind.name, version=kind.version, service=service,
            subject=subject, sequence=sequence, time=at, recorded=self.now, key=key, data=dumped | sealed,
            epoch=self.epoch, cause=cause,
        )  # fmt: skip
        self.events.append(event)
        decider = self.deciders[service]
        state = self.states.get((service, subject), decider.initial())
        self.states[service, subject] = decider.evolve(state, Happened(data, at, sequence, event.id, key))

    def undo(self, subject: str) -> None:
        """The last merge of a subject is taken back."""
        state = self.states.get(("profile", subject))
        if subject not in self.erased and state is not None and state.merged_into:
            data = CustomerUnmerged(merge=state.merge, survivor=state.merged_into)
            self.tell("profile", subject, data, self.now, f"undo-{len(self.events)}")

    def sequence(self, service: str, subject: str) -> int:
        """The subject's last number in this life of its store."""
        mine = (e.sequence for e in reversed(self.events) if (e.service, e.subject) == (service, subject))
        return next(mine, 0)

    def wait(self, hours: float) -> None:
        """Time passes."""
        self.now += timedelta(hours=hours)
