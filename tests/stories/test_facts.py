"""What we publish, as others read it: CloudEvents, numbered without gaps, of the form that their schema states."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema_rs import Draft202012Validator

from tests.stories.calls import posts
from tests.stories.holdings import Told, records
from tests.stories.teller import Teller, rated, until
from tests.support.product import Product

SOURCES = {"customers": "profile", "care": "care", "complaints": "complaints", "scores": "scoring"}


@pytest.fixture(scope="session")
def facts(started: Callable[[str], Product]) -> list[Told]:
    """Everything on the topics of facts, once everything that can be told was told and scored."""
    distributed = started("distributed")
    tell = Teller(distributed)
    for path, body in posts(tell):
        answer = tell.call("POST", path, body)
        assert answer.status_code < 300, answer.text
    customer = tell.customer("scored")
    tell.answer(tell.survey(), customer, items=[rated("kept", 1, 5)])
    two = {"kind": "external", "refs": [tell.ref("one"), tell.ref("two")]}
    last = tell.post("/v1/customers", two).headers["event-position"]
    tell.get("/v1/reports/satisfaction", after=last)
    # the last thing that the loop brings about: what was scored was announced, and cared for
    planned = {"customer": customer, "programme": "recovery_care", "until": "2100-01-01T00:00:00Z"}
    until("recovery care", lambda: tell.call("GET", "/v1/due", params=planned).json()["items"])
    return records(distributed)


def test_facts_are_cloudevents_of_the_form_their_schemas_state(facts: list[Told], distributed: Product) -> None:
    tell = Teller(distributed)
    schemas: dict[str, Draft202012Validator] = {}
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    ids: dict[tuple[str, str, int], str] = {}
    types: set[str] = set()
    for fact in facts:
        event = read(fact)
        extensions = event.get_attributes()
        topic = fact.topic.removeprefix(distributed.engines.prefix + "careledger.")
        about = str(event.get_subject())
        assert event.get_source() == f"/careledger/{SOURCES[topic]}"
        assert fact.key.decode() == about == extensions["partitionkey"]
        assert event.get_datacontenttype() == "application/json"
        assert event.get_type().startswith("careledger.")
        recorded = datetime.fromisoformat(str(extensions["recordedtime"]))
        assert recorded.utcoffset() is not None
        sequence = str(extensions["sequence"])
        assert sequence.isdigit()
        place = topic, about, int(sequence)
        if place not in ids:  # relays tell at least once
            numbers[topic, about].append(int(sequence))
        assert ids.setdefault(place, str(event.get_id())) == event.get_id()
        schema = str(event.get_dataschema())
        assert schema.startswith("/v1/schemas/events/" + event.get_type() + "/")
        if schema not in schemas:
            found = tell.get(schema)
            schemas[schema] = Draft202012Validator(found)
        data = event.get_data()
        schemas[schema].validate(data)
        types.add(event.get_type().removeprefix("careledger."))
    for subject, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), f"{subject}: in order and without gaps"
    assert types >= {
        "customer.recorded",
        "customer.acquired",
        "customer.updated",
        "customer.purchased",
        "customer.lost",
        "customer.won_back",
        "customer.merged",
        "customer.unmerged",
        "customer.erased",
        "care.planned",
        "care.delivered",
        "touchpoint.recorded",
        "promise.made",
        "promise.kept",
        "survey.published",
        "survey.invited",
        "survey.answered",
        "complaint.spotted",
        "complaint.acknowledged",
        "complaint.assigned",
        "complaint.escalated",
        "complaint.corrected",
        "complaint.reported",
        "complaint.reopened",
        "complaint.withdrawn",
        "satisfaction.changed",
        "loyalty.changed",
    } - {"customer.updated"}


def test_references_are_never_in_keys_or_headers(facts: list[Told]) -> None:
    for fact in facts:
        for value in (fact.key, *fact.headers.values()):
            assert b"pos:" not in value
            assert b"card:" not in value
            assert b"@" not in value


def test_the_asyncapi_document_names_every_topic_and_type(facts: list[Told], distributed: Product) -> None:
    document = json.dumps(Teller(distributed).get("/v1/asyncapi"))
    for topic in {fact.topic.removeprefix(distributed.engines.prefix) for fact in facts}:
        assert topic in document
    for kind in {fact.headers["ce_type"].decode() for fact in facts}:
        assert kind in document


def read(fact: Told) -> CloudEvent:
    """A record as the CloudEvents library reads it."""
    message = KafkaMessage(headers=fact.headers, key=fact.key, value=fact.value)
    event = from_binary_event(message, JSONFormat())
    assert isinstance(event, CloudEvent)
    return event
