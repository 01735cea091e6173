"""What the services say of each event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

ACCEPTED = ("appended", "already", "parked")
"""Nothing is left to do: it holds, held before, or waits for what it refers to."""
STATUSES = (*ACCEPTED, "erased", "conflict", "invalid", "forbidden")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a JSON pointer to the member, a stable code, a constant text."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event. `id`: of the thing it made, where the service tells; `position`: where it stands."""

    status: str
    faults: tuple[Fault, ...] = ()
    id: str = ""
    position: str = ""

    @classmethod
    def read(cls, result: dict[str, Any]) -> Self:
        """Reads one result of a bulk answer."""
        faults = _faults(result.get("problem") or {})
        return cls(str(result["status"]), faults, str(result.get("id") or ""), str(result.get("position") or ""))

    @property
    def bad(self) -> bool:
        """Whether somebody has to do something about it. An event about somebody who was erased is refused rightly:
        it is told, and is no fault of the file."""
        return self.status not in ACCEPTED and self.status != "erased"


def refusal(problem: dict[str, Any]) -> Verdict:
    """The verdict on the one event of a body that was refused with a problem."""
    return Verdict("invalid", _faults(problem))


def _faults(problem: dict[str, Any]) -> tuple[Fault, ...]:
    params = problem.get("invalid_params") or []
    faults = [Fault(str(p.get("pointer", "")), str(p.get("code", "")), str(p.get("message", ""))) for p in params]
    if problem and not faults:
        faults = [Fault("", str(problem.get("code", "")), str(problem.get("detail", "")))]
    return tuple(faults)


def refused(pointer: str, code: str, message: str) -> Verdict:
    """The verdict on what need not be sent to be known as bad."""
    return Verdict("invalid", (Fault(pointer, code, message),))
