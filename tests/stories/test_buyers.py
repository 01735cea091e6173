"""A shop's purchases of a year and a half come in through the inbound topics: once, again, and in another order, on
either pair of engines, and it is the same record every time."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories.publisher import STRUCTURED, Http, Kafka, event
from tests.stories.teller import Json, Teller, until
from tests.support.buyers import Bought, purchases, repeat_days
from tests.support.product import Product, fresh, together

SAMPLE = 40
Publisher = Kafka | Http


def told(each: Bought) -> Json:
    """A purchase as the shop publishes it."""
    data = {"order": f"o{each.order}", "amount": {"amount": each.amount, "currency": "USD"}}
    id, subject = f"shaped {each.customer} {each.order}", f"shaped:{each.customer}"
    return event(id, "customer.purchased", subject, each.at.isoformat(), data, importid="purchases-shaped")


def brought(product: Product) -> int:
    """How many purchases have been taken in."""
    items = product.client.get("/v1/customers/imports", params={"limit": 200}).json()["items"]
    return next((int(i["purchased"]) for i in items if i["id"] == "purchases-shaped"), 0)


def publish(product: Product, events: list[Json], dice: random.Random, end: str) -> None:
    """Publishes all, and waits until all have been taken: at the end of every partition stands somebody new."""
    tell = Teller(product)
    publisher: Publisher = Kafka(product, dice) if product.engines.broker else Http(tell, dice)
    dice.shuffle(events)
    publisher.publish(events)
    if isinstance(publisher, Kafka):
        ends = [f"shaped:{end}-{partition}" for partition in range(publisher._partitions)]
        for partition, ref in enumerate(ends):
            last = event(ref, "customer.recorded", ref, None, {"ref": ref})
            publisher._producer.produce(
                f"{product.engines.prefix}careledger.inbound.customers", json.dumps(last).encode(),
                headers=[("content-type", STRUCTURED)], partition=partition,
            )  # fmt: skip
        publisher.flush()
        body = {"customers": ends}

        def all_there() -> bool:
            items = product.client.post("/v1/customers/resolve", json=body).json()["items"]
            return all("problem" not in item for item in items)

        until("the ends of the partitions", all_there, within=900)


def sampled(product: Product, of: dict[int, list[Bought]], classes: bool) -> dict[int, Any]:
    """What is told of some customers, once all that they bought is."""
    found: dict[int, Any] = {}
    for customer in random.Random(7).sample(sorted(of), min(SAMPLE, len(of))):
        ref = {"customers": [f"shaped:{customer}"]}
        item = product.client.post("/v1/customers/resolve", json=ref).json()["items"][0]

        def score(id: str = item["id"], want: int = len(of[customer])) -> Json | None:
            answer = product.client.get(f"/v1/scores/customers/{id}", params={"as_of": "2026-09-01"})
            shown: Json | None = answer.json() if answer.status_code == 200 else None
            # the opening of a bare record, and each purchase
            return shown if shown and shown["applied"]["customers"] >= want + 1 else None

        shown = until(f"the score of {customer}", score, within=120)
        assert shown["loyalty"]["frequency"] == repeat_days(of[customer])
        found[customer] = (shown["state_hash"], shown["loyalty"], item["value_class"] if classes else None)
    return found


def bring_in(product: Product, customers: int, report: Callable[[str], None], *, classes: bool) -> dict[int, Any]:
    """Brings all in, again in another order, and tells what came of it."""
    of: dict[int, list[Bought]] = defaultdict(list)
    for each in purchases(customers, seed=1):
        of[each.customer].append(each)
    events = [told(each) for mine in of.values() for each in mine]
    began = time.monotonic()
    publish(product, list(events), random.Random(len(product.engines.name)), "first")
    until("all purchases", lambda: brought(product) == len(events), within=900)
    seconds = time.monotonic() - began
    report(f"{len(events):,} purchases of {customers:,} customers in {seconds:.1f} s, {len(events) / seconds:,.0f}/s")
    first = sampled(product, of, classes=False)
    publish(product, list(events), random.Random(2), "second")
    assert brought(product) == len(events), "what came again was there"
    assert sampled(product, of, classes=False) == first
    if classes:
        run = product.client.post("/v1/classifications", json={"as_of": "2026-08-01T00:00:00Z", "window": "P2Y"})
        assert run.status_code in (200, 201), run.text
        done = f"/v1/classifications/{run.json()['id']}"
        until("classes", lambda: product.client.get(done).json()["state"] == "completed", within=300)
        best: dict[str, str | int] = {"value_class": "A", "limit": 1}
        until("listed", lambda: product.client.get("/v1/customers", params=best).json()["items"], within=120)
    return sampled(product, of, classes=classes)


def test_the_same_record_on_either_pair_of_engines(started: Callable[[str], Product]) -> None:
    """Some 700 purchases."""
    embedded, distributed = (
        bring_in(started(engines), 240, print, classes=False) for engines in ("embedded", "distributed")
    )
    assert embedded == distributed


@pytest.mark.soak
def test_seventy_thousand_purchases(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On PostgreSQL and Kafka, twice from nothing, in different orders."""

    def report(line: str) -> None:
        with capsys.disabled():
            print(line)

    found = []
    for _ in range(2):
        with fresh("distributed") as engines:
            product = together(engines)
            try:
                found.append(bring_in(product.start(), 25_500, report, classes=True))
            finally:
                product.close()
    assert found[0] == found[1]
