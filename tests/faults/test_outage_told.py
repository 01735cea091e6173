"""A broker that goes away and comes back is told of once each, whoever was using it; what the library says is not."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from tests.engines import Kafka
from tests.stories.teller import Teller, until
from tests.support.pairs import Engines
from tests.support.product import together

AWAY = 12.0
"""Seconds: long enough for every loop to try again more than once."""


def test_an_outage_of_the_log_is_one_line_at_its_begin_and_one_at_its_end(private_kafka: Kafka) -> None:
    product = together(Engines("outage"), CARELEDGER_LOG_URL=f"kafka://{private_kafka.address}").start()
    try:
        tell = Teller(product)
        customer = tell.customer()
        tell.scored(customer, "scoring hears of them", lambda score: score["applied"]["customers"] == 1)
        before = len(product.logs())

        private_kafka.stop(signal.SIGKILL)
        tell.complaint(customer)  # the store takes what is told; it waits there for the log
        time.sleep(AWAY)
        private_kafka.start()
        tell.scored(customer, "and then of the complaint", lambda score: score["complaints"]["open"] == 1)
        until("the end is told", lambda: [e for e, _ in told(product.logs()[before:])][-1] == "log_available_again")

        lines = told(product.logs()[before:])
        loud = [(event, line) for event, line in lines if line["level"] != "info"]
        assert [event for event, _ in loud] == ["log_unavailable", "log_available_again"], loud
        (_, begun), (_, ended) = loud
        assert private_kafka.address in begun["servers"]
        assert begun["error"]
        assert AWAY / 2 < ended["seconds"] < AWAY + 60
    finally:
        product.close()


def told(log: bytes) -> list[tuple[str, dict[str, Any]]]:
    """What was logged, but for requests."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith(b"{")]
    return [(line["event"], line) for line in lines if line["event"] != "request" and "request" not in line["event"]]
