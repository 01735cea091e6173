"""The event store: facts, appended once, each on its way to the log in the same transaction.

Two adapters keep this port, `sqlite` and `postgres`; nothing outside this folder knows which one runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from libs.events.envelope import Event
from libs.events.store.database import Transaction
from libs.events.units import Loaded, Outcome, Position, Receipt, Unit


class Opener(Protocol):
    """Opens sealed leaves of the subjects it was asked for."""

    def open(self, subject: str, field: str, leaf: Any) -> Any:
        """The plain value of a leaf; what is not sealed as it is; None where the key was shredded."""
        ...

    def record(self, subject: str, data: dict[str, Any]) -> dict[str, Any]:
        """All of a record's leaves opened."""
        ...


class Store(Protocol):
    """One service's facts."""

    service: str

    async def execute(self, unit: Unit) -> Outcome:
        """Decides and appends one unit; concurrent callers of one process share a commit.

        Returns verdicts; raises only where the database cannot be reached (`StoreUnavailable`).
        """
        ...

    async def execute_all(self, units: Sequence[Unit]) -> list[Outcome]:
        """Decides and appends many units in few transactions; a bad one leaves the others good."""
        ...

    async def execute_in(self, tx: Transaction, units: Sequence[Unit]) -> list[Outcome]:
        """The same inside the caller's transaction, so that an effect and its cause's offset commit together."""
        ...

    def within(self, tx: Transaction) -> Store:
        """The store as it is seen from inside a transaction of the caller's, who commits or rolls back."""
        ...

    async def answered(self, receipt: Receipt) -> Outcome | None:
        """The answer that was remembered for a receipt's key (or the mismatch), None where there is none."""
        ...

    async def load(self, subjects: Iterable[str]) -> dict[str, Loaded]:
        """The present state of each subject (an initial state and sequence 0 where nothing is known)."""
        ...

    async def find(self, names: Iterable[str]) -> dict[str, Position]:
        """Where names point; names that are not taken are left out."""
        ...

    async def history(self, subject: str, after: int = 0, limit: int | None = None) -> list[Event]:
        """A subject's facts after a number, in order, at most `limit`; plain (a shredded personal field is None)."""
        ...

    async def opener(self, subjects: Iterable[str]) -> Opener:
        """Opens sealed leaves of these subjects, as views keep them."""
        ...


class StoreUnavailable(Exception):
    """The database cannot be reached now; trying again is safe."""
