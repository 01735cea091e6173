"""Writes and reads over HTTP beside a bare FastAPI handler: alone, and with relay and projections at work."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import text

from libs.runtime.run import assembled
from services.scoring.projections.facts import Facts
from tests.bench.engines import Bench, Site
from tests.bench.harness import Line, compared, turns
from tests.bench.load import Load, put
from tests.bench.made import facts, ids, naming
from tests.bench.processes import Running, bare, key, service

CUSTOMERS, FACTS_EACH = 1000, 12
PURCHASE = '{"order":"@n@","amount":{"amount":"12.50","currency":"USD"}}'
WRITE, READ, BESIDE = 0.5, 0.6, 0.3
BACKGROUND = 200
ANEW = "?known_at=8999-01-01"
"""All that will ever be recorded: such a question is never answered from what is remembered."""
HANDLER_WRITE, HANDLER_READ = "bare FastAPI, one insert", "bare FastAPI, one select by key"


async def run(bench: Bench) -> list[Line]:
    """The server is the process that `careledger run` starts; one client, in a process of its own, loads both."""
    lines: list[Line] = []
    with bench.site() as site:
        people = await prepared(site)
        with bare(site) as other:

            with service(site, "profile", roles=["api"]) as profile, service(site, "scoring", roles=["api"]) as scoring:
                asked = Asked(bench, site, people, other, profile)
                lines += [
                    await asked.writes("alone", profile, WRITE),
                    await asked.reads("alone", scoring, READ),
                    # nobody asked for a target here: what a read costs of which nothing is remembered
                    replace(await asked.reads("folded anew, alone", scoring, 0, query=ANEW), target="", met=None),
                ]
                with beside(site):
                    where = "relay and projections beside it"
                    lines += [
                        await asked.writes(where, profile, BESIDE),
                        await asked.reads(f"{where}, {BACKGROUND} writes/s", scoring, BESIDE, background=True),
                    ]
            with service(site) as everything:
                asked = Asked(bench, site, people, other, everything)
                where = "all services and roles in one process"
                lines += [
                    await asked.writes(where, everything, BESIDE),
                    await asked.reads(f"{where}, {BACKGROUND} writes/s", everything, BESIDE, background=True),
                ]
    return lines


async def prepared(site: Site) -> list[str]:
    """Customers with a name in profile, each with facts in scoring."""
    people = ids(CUSTOMERS)
    async with assembled(site.settings, ["profile", "scoring"]) as [profile, scoring]:
        await profile.platform.store.execute_all([naming(c) for c in people])
        while await profile.relay.once():
            pass
        history = [fact for c in people for fact in facts(FACTS_EACH, [c])]
        async with scoring.platform.database.begin() as tx:
            await Facts().apply(tx, history)
        async with scoring.platform.database.read() as reader:
            await reader.conn.execute(text("ANALYZE"))  # what PostgreSQL does by itself within a minute
    return people


@contextlib.contextmanager
def beside(site: Site) -> Iterator[None]:
    """Profile's relay and views, and scoring's projections, each in a process."""
    with (
        service(site, "profile", roles=["relay"]),
        service(site, "profile", roles=["worker"]),
        service(site, "scoring", roles=["worker"]),
    ):
        yield


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of servers by turns: ours, and the bare one (`other`). Writes go to `profile`."""

    bench: Bench
    site: Site
    people: Sequence[str]
    other: Running
    profile: Running

    async def writes(self, where: str, ours: Running, target: float) -> Line:
        """Purchases, each a new order, over all customers."""
        seconds = self.bench.pick(5, 2)
        mine, other = await turns(
            self.bench.pick(5, 3), lambda: put(self._purchases(ours, seconds)),
            lambda: put(self._purchases(self.other, seconds)))
        return compared(f"POST purchase, {where}", mine, HANDLER_WRITE, other, target)

    async def reads(
        self, where: str, ours: Running, target: float, *, background: bool = False, query: str = ""
    ) -> Line:
        """Scores of all customers in turn; the bare handler reads rows that writes before it left."""
        seconds, kept = self.bench.pick(5, 2), f"kept-{uuid.uuid4().hex[:12]}"
        await put(replace(self._purchases(self.other, 1), run=kept))
        asked = [f"/v1/scores/customers/{c}{query}" for c in self.people]
        scores = Load(ours.port, "GET", asked, self._key(), "", seconds)
        rows = Load(self.other.port, "GET", [f"/v1/customers/{kept}-{n}" for n in range(100)], {}, "", seconds)

        async def under_load(load: Load) -> float:
            """The same goes on beside either."""
            loads = [load]
            if background:
                loads.append(replace(self._purchases(self.profile, seconds), rate=BACKGROUND))
            return (await asyncio.gather(*map(put, loads)))[0]

        mine, other = await turns(self.bench.pick(5, 3), lambda: under_load(scores), lambda: under_load(rows))
        return compared(f"GET score of {FACTS_EACH} facts, {where}", mine, HANDLER_READ, other, target)

    def _purchases(self, server: Running, seconds: float) -> Load:
        paths = [f"/v1/customers/{c}/purchases" for c in self.people]
        headers = {"content-type": "application/json"} | ({} if server is self.other else self._key())
        return Load(server.port, "POST", paths, headers, PURCHASE, seconds, run=uuid.uuid4().hex[:12])

    def _key(self) -> dict[str, str]:
        return {"authorization": f"Bearer {key(self.site)}"}
