"""The doors of merging: two ids said to be one person, and that taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.events.decider import Command, Refused
from libs.events.doors import Call, Door
from libs.events.units import Loaded, Request, Unit
from libs.events.values import Body, Moment
from services.profile.domain.commands import Link, Merge, Stay, Unmerge
from services.profile.domain.state import Customer
from services.profile.doors.bodies import MergeChoices, Named

GENERATIONS = 16


class MergeBody(Body):
    """`merged` is the same person as `survivor`, whose id answers from then on. Of each field the latest statement
    counts, lists are joined; `choices` say whose value counts where that should not be. With `dry_run` nothing is done,
    and the answer tells what would change."""

    survivor: Named
    merged: Named
    choices: MergeChoices | None = None
    dry_run: bool = False
    at: Moment | None = None


class UndoBody(Body):
    """The merge was a mistake."""

    at: Moment | None = None


class Merging(Body):
    """A merge of two ids."""

    survivor: str
    merged: str
    choices: MergeChoices
    at: Moment | None


class Undoing(UndoBody):
    """The undoing of one merge."""

    merge: str


def merge(call: Call[Merging]) -> Unit:
    """Two ids become one person."""
    return edge(call, call.body)


def edge(call: Call[Any], asked: Merging) -> Unit:
    """The edge, and another look at every id on the way to both ends of it."""
    ours, theirs = chain(asked.survivor, call.states), chain(asked.merged, call.states)
    if asked.survivor == asked.merged:
        raise Refused("same_customer", "a customer is not merged with itself")
    if any(call.states[subject].erased_before for subject in (*ours, *theirs)):
        raise Refused("erased", "one of these customers was erased")
    if ours[-1] == theirs[-1]:
        raise Refused("same_person", "these are one person already")
    command = Merge(at=call.at, survivor=asked.survivor, merge=call.made_id("merge"), choices=asked.choices, by=call.by)
    return Unit((*stays(call, [*ours, *theirs[:-1]]), call.request(theirs[-1], command)))


def undo(call: Call[Undoing]) -> Unit:
    """The edge goes."""
    return call.unit(Unmerge(at=call.at, merge=call.body.merge, by=call.by))


def links(call: Call[Any], subject: str, refs: list[str]) -> list[Request]:
    """The merges that join the ids of further references to the customer's."""
    requests: list[Request] = []
    for other in others(call, subject, refs):
        ours = chain(subject, call.states)
        theirs = chain(other, call.states)
        apart = subject in _state(other, call.states).parted or other in _state(subject, call.states).parted
        if theirs[-1] == ours[-1] or apart:
            continue
        command = Link(at=call.at, survivor=subject, merge=call.made_id(f"merge {other}"), by=call.by)
        requests += stays(call, [*ours, *theirs[:-1]], f"{other} ")
        requests.append(call.request(theirs[-1], command, part=f"merge {other}"))
    return requests


def others(call: Call[Any], subject: str, refs: list[str]) -> list[str]:
    """The ids of references that are not the customer's own."""
    # Who was erased with all their references and came back has all of them in the next generation.
    generation = next((g for g in range(GENERATIONS) if subject in ids_of(call, refs, g)), 0)
    return [other for other in ids_of(call, refs, generation) if other != subject]


def ids_of(call: Call[Any], refs: list[str], generation: int) -> dict[str, str]:
    """The ids that references stand for, with the references."""
    return {call.identities.of_reference(ref, generation): ref for ref in refs}


def chain(subject: str, states: Mapping[str, Loaded]) -> list[str]:
    """The way from an id to the one that answers for it, both included."""
    way = [subject]
    while (onward := _state(way[-1], states).merged_into) and onward not in way:
        way.append(onward)
    return way


def stays(call: Call[Any], subjects: list[str], part: str = "") -> list[Request]:
    """Holds ids to what was seen of them."""
    commands: dict[str, Command] = {
        subject: Stay(at=call.at, merged_into=_state(subject, call.states).merged_into) for subject in subjects
    }
    return [
        call.request(subject, command, part=f"stay {part}{subject}", holds=True)
        for subject, command in commands.items()
    ]


def onward(state: Customer) -> str | None:
    """The next id on the way to the one that answers."""
    return state.merged_into


def _state(subject: str, states: Mapping[str, Loaded]) -> Customer:
    state: Customer = states[subject].state
    return state


def _nobody(body: object) -> None:
    return


MERGED = Door(
    "", Merging, merge, customer=_nobody, anonymous=True, onward=onward,
    follows=lambda call: (call.body.survivor, call.body.merged),
)  # fmt: skip
UNMERGED = Door("", Undoing, undo, customer=_nobody)
