"""Writes and reads over HTTP beside a bare FastAPI handler: alone, and with relay and projections at work."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence

from libs.runtime.run import assembled
from services.scoring.projections.facts import Facts
from tests.bench.engines import Bench, Site
from tests.bench.harness import Line, compared, turns
from tests.bench.load import Load, put
from tests.bench.made import facts, ids, naming
from tests.bench.processes import Running, bare, key, service

CUSTOMERS, FACTS_EACH = 1000, 12
PURCHASE = '{"order":"@n@","amount":{"amount":"12.50","currency":"USD"}}'
JSON = {"content-type": "application/json"}
WRITE, READ, BESIDE = 0.5, 0.6, 0.3
HANDLER_WRITE, HANDLER_READ = "bare FastAPI, one insert", "bare FastAPI, one select by key"


async def run(bench: Bench) -> list[Line]:
    """The server is the process that `careledger run` starts; one client, in a process of its own, loads both."""
    lines: list[Line] = []
    with bench.site() as site:
        people = await prepared(site)
        with bare(site) as other:

            async def both(where: str, profile: Running, scoring: Running, write: float, read: float) -> None:
                lines.append(await writes(bench, site, f"POST purchase, {where}", profile, other, people, write))
                lines.append(await reads(bench, site, f"GET score of 12 facts, {where}", scoring, other, people, read))

            with service(site, "profile", roles=["api"]) as profile, service(site, "scoring", roles=["api"]) as scoring:
                await both("alone", profile, scoring, WRITE, READ)
                with beside(site):
                    await both("relay and projections beside it", profile, scoring, BESIDE, BESIDE)
            with service(site) as everything:
                await both("all services and roles in one process", everything, everything, BESIDE, BESIDE)
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


async def writes(
    bench: Bench, site: Site, what: str, ours: Running, theirs: Running, people: Sequence[str], target: float
) -> Line:
    """Purchases, each a new order, over all customers."""
    paths = [f"/v1/customers/{c}/purchases" for c in people]

    async def rate(server: Running) -> float:
        headers = JSON | ({} if server is theirs else authorized(site))
        return await put(
            Load(server.port, "POST", paths, headers, PURCHASE, bench.pick(5, 2), run=uuid.uuid4().hex[:12]))

    mine, other = await turns(bench.pick(5, 3), lambda: rate(ours), lambda: rate(theirs))
    return compared(what, mine, HANDLER_WRITE, other, target)


async def reads(
    bench: Bench, site: Site, what: str, ours: Running, theirs: Running, people: Sequence[str], target: float
) -> Line:
    """Scores of all customers in turn; the bare handler reads a row that a write before it left."""
    scores = [f"/v1/scores/customers/{c}" for c in people]
    orders = f"kept-{uuid.uuid4().hex[:12]}"
    await put(Load(theirs.port, "POST", ["/v1/customers/x/purchases"], JSON, PURCHASE, 1, run=orders))
    rows = [f"/v1/customers/{orders}-{n}" for n in range(100)]

    async def rate(server: Running) -> float:
        if server is theirs:
            return await put(Load(server.port, "GET", rows, {}, seconds=bench.pick(5, 2)))
        return await put(Load(server.port, "GET", scores, authorized(site), seconds=bench.pick(5, 2)))

    mine, other = await turns(bench.pick(5, 3), lambda: rate(ours), lambda: rate(theirs))
    return compared(what, mine, HANDLER_READ, other, target)


def authorized(site: Site) -> dict[str, str]:
    """What a caller sends."""
    return {"authorization": f"Bearer {key(site)}"}
