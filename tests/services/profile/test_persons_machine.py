"""Recording, merging, parting, buying and forgetting in any order, against a model of plain dictionaries."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.profile.app import SERVICE
from tests.services.house import NOW, House, open_house

WHO = st.sampled_from(["pos:a", "pos:b", "crm:a", "crm:b", "web:a"])
LATE = st.booleans()
SIDE = st.sampled_from([None, None, "survivor", "merged"])
TEN = {"amount": "10.00", "currency": "USD"}
Stated = tuple[datetime, str | None]


@dataclass
class Edge:
    """A merge as the model has it."""

    id: str
    merged: str
    survivor: str
    at: datetime
    side: str | None
    holds: bool = True


@dataclass
class Model:
    """What is expected: by reference, what was said; and who was said to be whom."""

    names: dict[str, Stated] = field(default_factory=dict)
    owners: dict[str, Stated] = field(default_factory=dict)
    consents: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    buyers: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    edges: list[Edge] = field(default_factory=list)

    def end(self, who: str) -> str:
        """Whose id answers."""
        onward = {e.merged: e.survivor for e in self.edges if e.holds}
        while who in onward:
            who = onward[who]
        return who

    def person(self, who: str) -> set[str]:
        """All references of one person."""
        return {other for other in self.names if self.end(other) == self.end(who)}

    def name(self, who: str) -> str | None:
        """The latest name, or that of the side that was chosen later than it."""
        told = {frozenset([ref]): stated for ref, stated in self.names.items()}
        for edge in sorted((e for e in self.edges if e.holds), key=lambda e: e.at):
            ours, theirs = (next(p for p in told if ref in p) for ref in (edge.survivor, edge.merged))
            mine, yours = told.pop(ours), told.pop(theirs)
            if edge.side == "survivor":
                mine = (max(mine[0], edge.at), mine[1])
            elif edge.side == "merged":
                yours = (max(yours[0], edge.at), yours[1])
            told[ours | theirs] = max(mine, yours, key=lambda stated: stated[0])
        return next(stated[1] for person, stated in told.items() if who in person)

    def owner(self, who: str) -> str | None:
        """The latest owner."""
        said = [self.owners[ref] for ref in self.person(who) if ref in self.owners]
        return max(said)[1] if said else None


    def standing(self, who: str) -> list[str]:
        """What the person said last of surveys, if anything."""
        said = [self.consents[ref] for ref in self.person(who) if ref in self.consents]
        return ["granted" if max(said)[1] else "refused"] if said else []


class Persons(RuleBasedStateMachine):
    """One profile service, and what is expected of it."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        opening = self.stack.enter_async_context(open_house(SERVICE, Path(self.folder.name)))
        self.house: House = self.runner.run(opening)
        self.model, self.ids, self.count = Model(), dict[str, str](), 0

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    def tick(self, late: bool = False) -> datetime:
        """A moment of its own; `late`: before all others."""
        self.count += 1
        self.house.clock.advance(timedelta(minutes=1))
        return NOW + timedelta(minutes=-self.count if late else self.count)

    def call(self, path: str, body: Any) -> tuple[int, Any]:
        answer = self.runner.run(self.house.http.post(path, json=body))
        return answer.status_code, answer.json()

    @rule(who=WHO, late=LATE, owned=st.booleans())
    def record(self, who: str, late: bool, owned: bool) -> None:
        if who in self.model.gone:
            return
        at = self.tick(late)
        members = {"name": f"name {self.count}"} | ({"owner": f"owner {self.count}"} if owned else {})
        status, told = self.call("/v1/customers/upsert", {"ref": who, "at": at.isoformat(), **members})
        assert status == (200 if who in self.ids else 201), told
        self.ids[who] = told["id"]
        self.model.names[who] = max(self.model.names.get(who, (at, "")), (at, members["name"]))
        if owned:
            self.model.owners[who] = max(self.model.owners.get(who, (at, "")), (at, members["owner"]))

    @rule(who=WHO)
    def buy(self, who: str) -> None:
        if who not in self.ids:
            return
        body = {"order": f"o{self.count}", "amount": TEN, "at": self.tick().isoformat()}
        status, told = self.call(f"/v1/customers/{self.ids[who]}/purchases", body)
        assert status == (410 if who in self.model.gone else 201), told
        if status == 201:
            self.model.buyers.add(who)

    @rule(who=WHO, late=LATE, granted=st.booleans())
    def consent(self, who: str, late: bool, granted: bool) -> None:
        if who not in self.ids:
            return
        at, path = self.tick(late), f"/v1/customers/{self.ids[who]}/consents/survey"
        answer = self.runner.run(self.house.http.put(path, json={"granted": granted, "at": at.isoformat()}))
        assert answer.status_code == (410 if who in self.model.gone else 201), answer.text
        if answer.status_code == 201:
            self.model.consents[who] = max(self.model.consents.get(who, (at, granted)), (at, granted))
            assert [answer.json()["standing"]] == self.model.standing(who)

    @rule(survivor=WHO, merged=WHO, side=SIDE)
    def merge(self, survivor: str, merged: str, side: str | None) -> None:
        at, model = self.tick(), self.model
        choices = {"choices": {"name": side}} if side else {}
        body = {"survivor": survivor, "merged": self.ids.get(merged, merged), "at": at.isoformat(), **choices}
        status, told = self.call("/v1/merges", body)
        if not {survivor, merged} <= self.ids.keys():
            assert status == 404 or (status == 409 and {survivor, merged} & model.gone)
        elif {survivor, merged} & model.gone:
            assert (status, told["code"]) == (409, "erased")
        elif model.end(survivor) == model.end(merged):
            assert (status, told["code"]) == (409, "same_customer" if survivor == merged else "same_person")
        else:
            assert status == 201, told
            model.edges.append(Edge(told["id"], model.end(merged), survivor, at, side))

    @rule(nth=st.integers(0, 5))
    def undo(self, nth: int) -> None:
        if not self.model.edges:
            return
        edge = self.model.edges[nth % len(self.model.edges)]
        self.tick()
        status, told = self.call(f"/v1/merges/{edge.id}/undo", {})
        assert status == (410 if edge.merged in self.model.gone else 200 if edge.holds else 409), told
        edge.holds = edge.holds and status != 200

    @rule(who=WHO, sure=st.integers(0, 3))
    def erase(self, who: str, sure: int) -> None:
        if who not in self.ids or sure < 3:
            return
        self.tick()
        status, told = self.call(f"/v1/customers/{self.ids[who]}/erasure", {"reason": "request"})
        assert status == 202, told
        self.model.gone |= self.model.person(who)

    @invariant()
    def everybody_is_who_they_are(self) -> None:
        self.runner.run(self.house.follow())
        for who, subject in self.ids.items():
            answer = self.runner.run(self.house.http.get(f"/v1/customers/{subject}"))
            if who in self.model.gone:
                assert answer.status_code == 410
                continue
            person = self.model.person(who)
            end = self.ids[self.model.end(who)]
            assert {name: answer.json()[name] for name in ("id", "merged_from", "name", "owner", "stage", "refs")} == {
                "id": end, "merged_from": sorted({self.ids[p] for p in person} - {end}), "name": self.model.name(who),
                "owner": self.model.owner(who), "stage": "active" if person & self.model.buyers else "prospect",
                "refs": answer.json()["refs"],
            }  # fmt: skip
            assert set(answer.json()["refs"]) == person
            told = self.runner.run(self.house.get(f"/v1/customers/{subject}/consents"))["items"]
            assert [each["standing"] for each in told] == self.model.standing(who)
        listed = self.runner.run(self.house.get("/v1/customers"))["items"]
        here = [who for who in self.ids if who not in self.model.gone]
        assert sorted(c["id"] for c in listed) == sorted({self.ids[self.model.end(who)] for who in here})


def test_any_history_of_persons() -> None:
    run_state_machine_as_test(
        Persons,
        settings=settings(
            max_examples=10, stateful_step_count=15, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
