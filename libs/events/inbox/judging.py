"""Puts events to a service's doors, a batch at a time, and tells what became of each.

What the contract says of an event that states a thing twice:

- its `time` stands for the body's `at`. Where both are given the body's counts, for many publishers' libraries stamp
  `time` by themselves with the moment of sending;
- its `subject` stands for the body's customer. Where both are given they must name the same one, each by id or by
  reference; if they do not, nobody can say whom the event is about, and it is invalid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from libs.events.consuming.faults import may_pass
from libs.events.decider import Invalid, NotYet, Refused
from libs.events.desk import GENERATIONS, Asked, Desk
from libs.events.doors import EVENT, Caller, Door
from libs.events.identities import Identities, as_id
from libs.events.inbox.parsing import Letter, Unfit
from libs.events.units import Outcome, Position, Status

NOBODY = ("anonymous:", "survey:", "calendar:", "model:", "complaint:", "setting:")
"""Subjects that name no customer; a door that needs none takes them for what they are."""
ROUNDS = 16


@dataclass(slots=True)
class Judged:
    """What became of an event: `refusal` says why not; `error` holds what was wrong with the data of `model`;
    `fault` is the type of an error of ours. `waits_for`: the name that a parked one waits for. `id`: what it made or
    is about, found in the member `makes` of its facts; "" where those are not at hand."""

    letter: Letter | Unfit
    status: Status
    position: Position | None = None
    refusal: Refused | None = None
    error: ValidationError | None = None
    model: type[BaseModel] | None = None
    fault: str = ""
    id: str = ""
    makes: str = ""

    @property
    def waits_for(self) -> str:
        return self.refusal.waits_for if isinstance(self.refusal, NotYet) else ""

    @property
    def reason(self) -> str:
        """A stable code for why it was not taken."""
        return self.refusal.code if self.refusal else self.status


def command_name(key: str) -> str:
    """The name under which the store knows the command of an event."""
    return caller(key).name()


def caller(key: str, imported: str = "") -> Caller:
    """Who asks by an event: the same by topic and by HTTP, so that what comes both ways is taken once."""
    return Caller(EVENT, key, imported=imported)


class Judging:
    """The doors of one service, from the side of events."""

    def __init__(self, doors: Sequence[Door[Any]], identities: Identities) -> None:
        self._doors = {door.event: door for door in doors if door.event}
        self._identities = identities

    async def judge(self, desk: Desk, letters: Sequence[Letter | Unfit]) -> list[Judged]:
        """Puts events to their doors, in order. Raises only for a fault that may pass.

        One that waits for what another of the same batch brings is tried again at once, in order.
        """
        judged: list[Judged | None] = [None] * len(letters)
        asked: dict[int, Asked[Any]] = {}
        for i, letter in enumerate(letters):
            put = self._put(letter)
            if isinstance(put, Asked):
                asked[i] = put
            else:
                judged[i] = put
        todo = list(asked)
        for _ in range(ROUNDS):
            outcomes = await _perform(desk, [asked[i] for i in todo])
            for i, outcome in zip(todo, outcomes, strict=True):
                judged[i] = _judged(letters[i], asked[i], outcome)
            parked = {i: j.waits_for for i in todo if (j := judged[i]) and j.status == "parked" and j.waits_for}
            there = await desk.store.find(set(parked.values())) if parked else {}
            again = [i for i, name in parked.items() if name in there]
            if not again or again == todo:
                break
            todo = again
        return [j for j in judged if j]

    def _put(self, letter: Letter | Unfit) -> Asked[Any] | Judged:
        if isinstance(letter, Unfit):
            return Judged(letter, "invalid", refusal=Invalid(letter.code, letter.detail, pointer=letter.pointer))
        door = self._doors.get(letter.type)
        if door is None:
            return _invalid(letter, "unknown_type", "the type is not known here", "/type")
        if letter.version != "1":
            return _invalid(letter, "wrong_version", "there is no such version of the type", "/dataschema")
        try:
            body = door.body.model_validate_json(letter.data)
            return self._addressed(letter, door, body)
        except ValidationError as error:
            told = Invalid("invalid", "the data does not have the form asked for", pointer="/data")
            return Judged(letter, "invalid", refusal=told, error=error, model=door.body)
        except Refused as refusal:
            return Judged(letter, "invalid", refusal=refusal)
        except Exception as error:
            return _failed(letter, type(error).__name__)

    def _addressed(self, letter: Letter, door: Door[Any], body: BaseModel) -> Asked[Any] | Judged:
        named, subject = door.customer(body), letter.subject
        if door.anonymous and subject.startswith(NOBODY):
            subject = ""
        if named and subject and not self._same(named, subject):
            return _invalid(letter, "other_customer", "subject and data name different customers", "/subject")
        if not named and not subject and not door.anonymous:
            return _invalid(letter, "customer_missing", "neither subject nor data names a customer", "/subject")
        return Asked(door, body, caller(letter.key, letter.imported), customer="" if named else subject, at=letter.at)

    def _same(self, one: str, other: str) -> bool:
        if one == other:
            return True
        mine, theirs = as_id(one), as_id(other)
        if mine and theirs:
            return mine == theirs
        if not mine and not theirs:
            return self._identities.resolve(one) == self._identities.resolve(other)
        known, reference = (mine, other) if mine else (theirs, one)
        # an id that somebody got who came back after an erasure is of a later generation
        return any(self._identities.of_reference(reference, g) == known for g in range(GENERATIONS))


async def _perform(desk: Desk, asked: Sequence[Asked[Any]]) -> list[Outcome | str]:
    """Performs all; an error of ours in one of them is closed in on, and told by its type."""
    if not asked:
        return []
    try:
        return list(await desk.perform_all(asked))
    except Exception as error:
        if may_pass(error):
            raise
        if len(asked) == 1:
            return [type(error).__name__]
    middle = len(asked) // 2
    return await _perform(desk, asked[:middle]) + await _perform(desk, asked[middle:])


def _judged(letter: Letter | Unfit, asked: Asked[Any], outcome: Outcome | str) -> Judged:
    if isinstance(outcome, str):
        return _failed(letter, outcome)
    refused = outcome.refusal
    if refused is None:
        appended = any(v.status == "appended" for v in outcome.verdicts)
        status: Status = "appended" if appended else "already"
        return Judged(letter, status, outcome.position, id=_made(asked.door, outcome), makes=asked.door.makes)
    told = _in_event(asked, refused.refusal) if isinstance(refused.refusal, Invalid) else refused.refusal
    return Judged(letter, "conflict" if refused.status == "absent" else refused.status, refusal=told)


def _made(door: Door[Any], outcome: Outcome) -> str:
    if not door.makes:
        addressed = outcome.verdicts[0].position
        return addressed.subject if addressed else ""
    told = (event.data[door.makes] for v in outcome.verdicts for event in v.events if door.makes in event.data)
    return next(told, "")


def _in_event(asked: Asked[Any], refusal: Invalid) -> Invalid:
    """A door's pointers are into the body. Here that is the event's `data`, unless an attribute said it."""
    if refusal.pointer == "/at" and getattr(asked.body, "at", None) is None:
        return replace(refusal, pointer="/time")
    if refusal.pointer == "/customer" and asked.customer:
        return replace(refusal, pointer="/subject")
    return replace(refusal, pointer=f"/data{refusal.pointer}")


def _invalid(letter: Letter, code: str, detail: str, pointer: str) -> Judged:
    return Judged(letter, "invalid", refusal=Invalid(code, detail, pointer=pointer))


def _failed(letter: Letter | Unfit, error: str) -> Judged:
    return Judged(letter, "invalid", refusal=Refused("cannot_apply", "the event could not be taken"), fault=error)
