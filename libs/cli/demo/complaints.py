"""Generated complaints: spotted, acknowledged, owned, corrected, reported; some late, some reopened, some open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from libs.cli.demo.cdnow import END
from libs.cli.demo.label import Told, generated
from libs.cli.demo.people import Person

COMPLAINS, SEEN = 1 / 26, 1 / 9
"""Of dissatisfied customers one of 26 complains; staff and surveys notice more than that."""
SERIOUS = 6 / 26
STANDARD = {"serious": 24, "minor": 72}
"""Hours within which the default standards ask for a correction."""
FAULTS = (
    ("the disc skips", "tangibles", "need_unmet"),
    ("delivered after two weeks", "responsiveness", "slow"),
    ("promised for Friday, came on Tuesday", "reliability", "empty_promise"),
    ("the wrong record was sent", "reliability", "careless"),
    ("nobody listened on the phone", "empathy", "not_listening"),
    ("advice was wrong", "assurance", "staff_product_knowledge"),
)
WANTS = ("taken_seriously", "immediate_action", "compensation", "never_again", "listened_to", "urgency")


@dataclass(slots=True)
class Complaints:
    """All of them, in waves: a step is told once what must come before it was."""

    spotted: list[Told] = field(default_factory=list)
    handled: list[Told] = field(default_factory=list)
    closed: list[Told] = field(default_factory=list)
    again: list[Told] = field(default_factory=list)

    @property
    def waves(self) -> tuple[list[Told], ...]:
        return self.spotted, self.handled, self.closed, self.again


def complaints(people: Sequence[Person], chance: Random) -> Complaints:
    """Complaints of those who are dissatisfied."""
    found = Complaints()
    for person in people:
        fate = chance.random()
        if not person.dissatisfied or fate >= COMPLAINS + SEEN:
            continue
        role = "customer" if fate < COMPLAINS else chance.choice(("staff", "staff", "survey", "system"))
        at = chance.choice(person.days()) + timedelta(days=chance.randint(0, 12), hours=chance.randint(-3, 6))
        if at <= END:
            _Story(found, person, at, chance).tell(role)
    return found


@dataclass(slots=True)
class _Story:
    told: Complaints
    person: Person
    at: datetime
    chance: Random

    def tell(self, role: str) -> None:
        chance, number = self.chance, len(self.told.spotted) + 1
        ref = f"demo:generated-{number:04}"
        severity = "serious" if chance.random() < SERIOUS else "minor"
        summary, dimension, cause = chance.choice(FAULTS)
        data: dict[str, Any] = {
            "ref": ref, "summary": generated(summary), "severity": severity, "dimension": dimension, "cause": cause,
            "wants": sorted(chance.sample(WANTS, chance.randint(1, 2))), "spotted_by": {"role": role},
            **self.person.served,
        }  # fmt: skip
        self.told.spotted.append(Told("complaint.spotted", f"{ref} spotted", self.at, data, self.person.reference))
        owner = self.person.served["staff"]
        self._step(self.told.handled, ref, "acknowledged", timedelta(hours=chance.uniform(0.5, 8)), {"by": owner}, 0.9)
        self._step(self.told.handled, ref, "assigned", timedelta(hours=chance.uniform(8, 12)), {"owner": owner}, 0.8)
        fate = chance.random()
        if fate < 0.04:
            self._step(self.told.handled, ref, "withdrawn", timedelta(hours=40), {"reason": generated("all is well")})
        elif fate < 0.92:
            self._correct(ref, severity, owner)

    def _correct(self, ref: str, severity: str, owner: str) -> None:
        chance, hours = self.chance, STANDARD[severity]
        prompt = chance.random() < 0.68
        after = timedelta(hours=chance.uniform(13, hours) if prompt else chance.uniform(hours + 1, 20 * 24))
        correction: dict[str, Any] = {"action": generated("a new disc"), "agreed": chance.random() < 0.9, "by": owner}
        if chance.random() < 0.3:
            correction["compensation"] = {"amount": f"{chance.randint(5, 20)}.00", "currency": "USD"}
        self._step(self.told.handled, ref, "corrected", after, correction)
        cause = {"root_cause": generated("a bad batch"), "prevention": generated("the batch was withdrawn")}
        self._step(self.told.closed, ref, "reported", after + timedelta(days=2), cause, 0.85)
        if chance.random() < 0.12:
            later = after + timedelta(days=9)
            self._step(self.told.closed, ref, "reopened", later, {"reason": generated("it skips again")})
            again = {"action": generated("money back"), "agreed": True, "by": owner}
            self._step(self.told.again, ref, "corrected", later + timedelta(hours=20), again, 0.8, " again")

    def _step(
        self, wave: list[Told], ref: str, step: str, after: timedelta, data: dict[str, Any], share: float = 1,
        nth: str = "",
    ) -> None:  # fmt: skip
        at = self.at + after
        if self.chance.random() < share and at <= END:
            wave.append(Told(f"complaint.{step}", f"{ref} {step}{nth}", at, {"complaint": ref, **data}))
