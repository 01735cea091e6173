"""A record as an event: the same record gives the same id whenever it is read, so that importing again is safe."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

import orjson

from libs.cli.importing.columns import LEFT_OUT, Columns, Target
from libs.cli.importing.reading import FAULTS, Row
from libs.cli.importing.values import BadValue, text
from libs.cli.sending.routes import PREFIX, door_of
from libs.cli.sending.verdicts import Verdict, refused
from libs.events.identities import as_id

TYPES = {"customers": "customer.recorded", "purchases": "customer.purchased", "answers": "survey.answered"}
EVENT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """An event ready to be sent: its door, its id, whose it is (events of one customer keep their order)."""

    door: str
    id: str
    whose: str
    body: bytes


@dataclass(slots=True)
class Maker:
    """Makes events of one file's rows.

    `system` turns plain customer names into references; `currency`, `survey` and `at` are for rows that state none.
    `importid` names the import; `anew`: the imports that were taken back, so that their rows count as others.
    """

    kind: str
    columns: Columns
    source: str
    system: str = ""
    currency: str = ""
    survey: str = ""
    at: str = ""
    zone: tzinfo = UTC
    importid: str = ""
    anew: str = ""
    seen: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def make(self, row: Row) -> Made | Verdict:
        """The event of a row, or why there is none."""
        if row.fault:
            return refused("", row.fault, FAULTS[row.fault])
        made = _as_it_is(row.members) if self.kind == "events" else self._made(row.members)
        if isinstance(made, Made) and len(made.body) > EVENT_BYTES:
            return refused("", "too_large", "an event has at most 256 KiB")
        return made

    def _made(self, members: dict[str, Any]) -> Made | Verdict:
        body: dict[str, Any] = {}
        for column, value in members.items():
            bare = isinstance(value, str | int | float)
            target = self.columns.find(column) if bare else self.columns.exactly(column)
            # a member of JSON that nobody knows is left for the service to judge; CSV's columns were looked at before
            target = target or Target((column,), text)
            if target is LEFT_OUT:
                continue
            try:
                target.put(body, self._value(target, value))
            except BadValue as bad:
                return refused(target.pointer, bad.code, bad.message)
        return self._event(body)

    def _value(self, target: Target, value: Any) -> Any:
        if isinstance(value, str):
            return target.reads(value, self.zone)
        if target.path == ("amount", "amount") and type(value) in (int, float):
            return orjson.dumps(value).decode()  # money is told as text, so that nothing is rounded on the way
        return value

    def _event(self, data: dict[str, Any]) -> Made:
        at = data.pop("at") if isinstance(data.get("at"), str) else "" if "at" in data else self.at
        whose = _FINISH[self.kind](self, data)
        event_id = self._id(data, whose, at)
        if self.anew:
            event_id = _digest(event_id, self.anew)
        data.pop("answer", None)
        event = {
            "specversion": "1.0", "id": event_id, "source": self.source, "type": PREFIX + TYPES[self.kind],
            "datacontenttype": "application/json", "data": data,
        }  # fmt: skip
        if self.importid:
            event["importid"] = self.importid
        if isinstance(whose, str):
            event["subject"] = whose
        if at:
            event["time"] = at
        door = "care" if self.kind == "answers" else "customers"
        return Made(door, event_id, str(whose or event_id), orjson.dumps(event))

    def _id(self, data: dict[str, Any], whose: Any, at: str) -> str:
        """A business key where there is one, else the content. Always a digest: ids are shown where names of customers
        must not be, and two shops may count their orders alike."""
        if self.kind == "purchases" and "order" in data:
            return _digest("purchase", whose, data["order"])
        if self.kind == "answers" and "answer" in data:
            return _digest("answer", data.get("survey"), data["answer"])
        plain = _digest(self.kind, whose, at, data)
        if self.kind != "answers" or whose is not None:
            return plain
        # two cards without a name may well say the same: the second one counts, too
        self.seen[plain] += 1
        return _digest(plain, self.seen[plain]) if self.seen[plain] > 1 else plain

    def _named(self, data: dict[str, Any], member: str) -> Any:
        """The customer's name, out of the body: an event says it in its subject."""
        if not isinstance(data.get(member), str):
            return None
        named = data.pop(member)
        return f"{self.system}:{named}" if self.system else named

    def _customer(self, data: dict[str, Any]) -> Any:
        ref = self._named(data, "ref")
        if ref is not None and as_id(ref) is None:
            data["ref"] = ref
        return ref

    def _purchase(self, data: dict[str, Any]) -> Any:
        amount = data.get("amount")
        if self.currency and isinstance(amount, dict):
            amount.setdefault("currency", self.currency)
        return self._named(data, "customer")

    def _answers(self, data: dict[str, Any]) -> Any:
        if self.survey:
            data.setdefault("survey", self.survey)
        items = data.get("items")
        if isinstance(items, dict) and all(isinstance(grades, dict) for grades in items.values()):
            data["items"] = [{"item": item, **grades} for item, grades in items.items()]
        return self._named(data, "customer")


_FINISH: dict[str, Callable[[Maker, dict[str, Any]], Any]] = {
    "customers": Maker._customer, "purchases": Maker._purchase, "answers": Maker._answers,
}  # fmt: skip


def _as_it_is(event: dict[str, Any]) -> Made | Verdict:
    """A CloudEvent that somebody made already."""
    door = door_of(event.get("type"))
    if door is None:
        return refused("/type", "unknown_type", "is no type of event that other systems may tell")
    for attribute in ("id", "source"):
        if not isinstance(event.get(attribute), str) or not event[attribute]:
            return refused(f"/{attribute}", "missing", "every event needs one: it makes sending again safe")
    return Made(door, event["id"], str(event.get("subject") or event["id"]), orjson.dumps(event))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
