"""Recording, merging, parting, buying and forgetting in any order, against a model of plain dictionaries."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.profile.app import SERVICE
from tests.services.house import NOW, House, open_house

WHO = st.sampled_from(["pos:a", "pos:b", "crm:a", "crm:b", "web:a"])
LATE = st.booleans()
SIDE = st.sampled_from([None, None, "survivor", "merged"])
TEN = {"amount": "10.00", "currency": "USD"}
Stated = tuple[datetime, str | None]
Numbers = tuple[list[str] | None, ...]
LONG_AGO = datetime.min.replace(tzinfo=UTC)
LIST = st.sampled_from(
    [(), (None,), ([],), (["0912 345 678"],), (["+84912345678", "028 3829 5189"],), (["+442079460958"],)]
)
"""Phones that are stated, if any are: two of them are one number."""
ONE_NUMBER = {"+84912345678": "0912 345 678"}


@dataclass
class Edge:
    """A merge as the model has it."""

    id: str
    merged: str
    survivor: str
    at: datetime
    side: str | None
    phones: str | None = None
    holds: bool = True


@dataclass
class Model:
    """What is expected: by reference, what was said; and who was said to be whom."""

    names: dict[str, Stated] = field(default_factory=dict)
    owners: dict[str, Stated] = field(default_factory=dict)
    phones: dict[str, tuple[datetime, list[str] | None]] = field(default_factory=dict)
    patched: dict[str, tuple[datetime, set[str]]] = field(default_factory=dict)
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

    def numbers(self, who: str) -> list[str] | None:
        """The phones of all ids, those hidden that a choice or a change of the whole person left out."""
        told: set[tuple[str, ...]] = {(ref,) for ref in self.names}
        hidden = set[str]()
        for edge in sorted((e for e in self.edges if e.holds), key=lambda e: e.at):
            ours, theirs = (next(p for p in told if ref in p) for ref in (edge.survivor, edge.merged))
            for side, one, other in (("survivor", ours, theirs), ("merged", theirs, ours)):
                since = [at for ref in one if ref in self.patched for at, ids in [self.patched[ref]] if edge.id in ids]
                since += [edge.at] if edge.phones == side else []
                left_out = max(since, default=LONG_AGO)
                hidden |= {ref for ref in other if ref in self.phones and self.phones[ref][0] <= left_out}
            told = {p for p in told if p not in (ours, theirs)} | {ours + theirs}
        shown = [ref for ref in next(p for p in told if who in p) if ref in self.phones and ref not in hidden]
        lists = [numbers for ref in shown if (numbers := self.phones[ref][1]) is not None]
        if len(lists) < 2:
            return lists[0] if lists else None
        found: dict[str, str] = {}
        for number in (number for numbers in lists for number in numbers):
            found.setdefault(ONE_NUMBER.get(number, number), number)
        return list(found.values())

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

    @initialize(phones=st.lists(LIST, min_size=4, max_size=4), side=SIDE, chain=st.booleans())
    def most_are_known_and_some_are_one(self, phones: list[Numbers], side: str | None, chain: bool) -> None:
        for who, numbers in zip(("pos:a", "pos:b", "crm:a", "crm:b"), phones, strict=True):
            self.record(who, False, False, numbers)
        self.merge("pos:a", "pos:b", None, side)
        if chain:
            self.merge("crm:a", "pos:a", None, None)

    @rule(who=WHO, late=LATE, owned=st.booleans(), phones=LIST)
    def tell(self, who: str, late: bool, owned: bool, phones: Numbers) -> None:
        self.record(who, late, owned, phones)

    def record(self, who: str, late: bool, owned: bool, phones: Numbers) -> None:
        if who in self.model.gone:
            return
        at = self.tick(late)
        members: dict[str, Any] = {"name": f"name {self.count}"} | ({"owner": f"owner {self.count}"} if owned else {})
        members |= dict.fromkeys(["phones"] if phones else [], *phones)
        status, told = self.call("/v1/customers/upsert", {"ref": who, "at": at.isoformat(), **members})
        assert status == (200 if who in self.ids else 201), told
        self.ids.setdefault(who, told["id"])
        assert told["id"] == self.ids[self.model.end(who)]  # who was merged is answered with who they are now
        self.model.names[who] = max(self.model.names.get(who, (at, "")), (at, members["name"]))
        if owned:
            self.model.owners[who] = max(self.model.owners.get(who, (at, "")), (at, members["owner"]))

        for numbers in phones:
            before = self.model.phones.get(who)
            if before is None or before[0] < at:
                self.model.phones[who] = (at, numbers)

    @rule(who=WHO, phones=LIST)
    def patch(self, who: str, phones: Numbers) -> None:
        model = self.model
        if who not in self.ids or who in model.gone or not phones:
            return
        at, path = self.tick(), f"/v1/customers/{self.ids[who]}"
        etag = self.runner.run(self.house.http.get(path)).headers["etag"]
        answer = self.runner.run(self.house.http.patch(path, json={"phones": phones[0]}, headers={"If-Match": etag}))
        assert (answer.status_code, answer.json()["phones"]) == (200, phones[0]), answer.text
        if model.numbers(who) != phones[0]:
            ids, end = model.person(who), model.end(who)
            model.phones[end] = (at, phones[0])
            merges = {e.id for e in model.edges if e.holds and {e.merged, e.survivor} <= ids}
            if merges:
                model.patched[end] = (at, merges)

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

    @rule(survivor=WHO, merged=WHO, side=SIDE, phones=SIDE)
    def merge(self, survivor: str, merged: str, side: str | None, phones: str | None) -> None:
        at, model = self.tick(), self.model
        choices = {name: of for name, of in (("name", side), ("phones", phones)) if of}
        body = {"survivor": survivor, "merged": self.ids.get(merged, merged), "at": at.isoformat(), "choices": choices}
        rehearsed = self.runner.run(self.house.http.post("/v1/merges", json=body | {"dry_run": True})).json()
        status, told = self.call("/v1/merges", body)
        if not {survivor, merged} <= self.ids.keys():
            assert status == 404 or (status == 409 and {survivor, merged} & model.gone)
        elif {survivor, merged} & model.gone:
            assert (status, told["code"]) == (409, "erased")
        elif model.end(survivor) == model.end(merged):
            assert (status, told["code"]) == (409, "same_customer" if survivor == merged else "same_person")
        else:
            assert status == 201, told
            before = [model.numbers(who) for who in (survivor, merged)]
            model.edges.append(Edge(told["id"], model.end(merged), survivor, at, side, phones))
            becomes = {change["field"]: change["becomes"] for change in rehearsed["changes"]}
            assert becomes.get("phones", before[0]) == model.numbers(survivor)

    @rule(nth=st.integers(0, 5), sure=st.integers(0, 2))
    def undo(self, nth: int, sure: int) -> None:
        if not self.model.edges or sure < 2:
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
            shown = ("id", "merged_from", "name", "owner", "stage", "refs", "phones")
            assert {name: answer.json()[name] for name in shown} == {
                "id": end, "merged_from": sorted({self.ids[p] for p in person} - {end}), "name": self.model.name(who),
                "owner": self.model.owner(who), "stage": "active" if person & self.model.buyers else "prospect",
                "refs": answer.json()["refs"], "phones": self.model.numbers(who),
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
