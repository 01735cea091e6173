"""Another company's system: it publishes CloudEvents with its own client and knows nothing of our code."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from tests.stories.teller import Json, Teller
from tests.support.product import Product

SERVICES = {
    "customer": "customers",
    "care": "care",
    "touchpoint": "care",
    "promise": "care",
    "survey": "care",
    "complaint": "complaints",
}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def event(id: str, type: str, subject: str | None, time: str | None, data: Json, **more: Any) -> Json:
    """A CloudEvent of the cash desk's system."""
    attributes = {"subject": subject, "time": time, **more}
    named = {name: value for name, value in attributes.items() if value is not None}
    return {"specversion": "1.0", "source": "/desk", "id": id, "type": f"careledger.{type}", **named, "data": data}


def topic_of(event: Json) -> str:
    """Where an event belongs."""
    return SERVICES[str(event["type"]).split(".")[1]]


class Kafka:
    """Publishes to the inbound topics in every mode and with any partitioner, as publishers do."""

    def __init__(self, product: Product, dice: random.Random) -> None:
        from confluent_kafka import Producer

        self._prefix, self._dice = product.engines.prefix, dice
        self._producer = Producer({"bootstrap.servers": product.engines.broker, "log_level": 0})
        self._partitions = len(
            self._producer.list_topics(self._prefix + "careledger.inbound.care", 10).topics.popitem()[1].partitions
        )

    def publish(self, events: Sequence[Json]) -> None:
        """All events, in this order, each on any partition; some alone, some in batches."""
        waiting: dict[str, list[Json]] = {}
        for one in events:
            mode = self._dice.choice(("binary", "structured", "batched"))
            if mode == "binary":
                self.binary(one)
            elif mode == "structured":
                self.raw(topic_of(one), json.dumps(one).encode(), {"content-type": STRUCTURED + "; charset=UTF-8"})
            else:
                batch = waiting.setdefault(topic_of(one), [])
                batch.append(one)
                if len(batch) == 5:
                    self.batch(waiting.pop(topic_of(one)))
        for batch in waiting.values():
            self.batch(batch)
        self.flush()

    def binary(self, event: Json) -> None:
        """An event with its attributes in headers."""
        headers = {f"ce_{name}": str(value) for name, value in event.items() if name != "data"}
        self.raw(topic_of(event), json.dumps(event["data"]).encode(), {**headers, "content-type": "application/json"})

    def batch(self, events: Sequence[Json]) -> None:
        """Several events of one topic in one record."""
        self.raw(topic_of(events[0]), json.dumps(events).encode(), {"content-type": BATCH})

    def raw(self, topic: str, value: bytes, headers: dict[str, str] | dict[str, bytes]) -> None:
        """Any record."""
        self._producer.produce(
            f"{self._prefix}careledger.inbound.{topic}",
            value,
            key=self._dice.randbytes(4),
            headers=list(headers.items()),
            partition=self._dice.randrange(self._partitions),
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Waits until the broker has everything."""
        assert self._producer.flush(30) == 0


class Http:
    """Posts the same events, alone or in batches."""

    def __init__(self, tell: Teller, dice: random.Random) -> None:
        self._tell, self._dice = tell, dice

    def publish(self, events: Sequence[Json]) -> None:
        """All events, in this order as far as one service is concerned."""
        for topic in ("customers", "care", "complaints"):
            mine = [e for e in events if topic_of(e) == topic]
            while mine:
                count = self._dice.choice((1, 1, 2, 7))
                self.post(topic, mine[:count])
                del mine[:count]

    def post(self, topic: str, events: Sequence[Json]) -> list[Json]:
        """One call; the results."""
        alone = len(events) == 1
        body = json.dumps(events[0] if alone else list(events)).encode()
        kind = {"Content-Type": STRUCTURED if alone else BATCH}
        answer = self._tell.call("POST", f"/v1/events/{topic}", content=body, headers=kind)
        assert answer.status_code == 200, answer.text
        results: list[Json] = answer.json()["results"]
        assert [r["index"] for r in results] == list(range(len(events)))
        return results
