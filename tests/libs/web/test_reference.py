"""Schemas, the AsyncAPI document, the vocabulary, and the OpenAPI document."""

import json
from typing import Any, get_args

import jsonschema_rs
import pytest

from libs.events.catalogue import TOPICS, all_types, care, complaints, customers, scores
from libs.events.catalogue.asyncapi import asyncapi
from libs.events.catalogue.schemas import fact_schema
from libs.events.catalogue.vocabulary import LANGUAGES, VOCABULARY
from libs.events.clock import new_id
from libs.events.store.codec import sealed_data
from libs.events.vault import SubjectKey
from tests.libs.web import toy


async def get(service: toy.Toy, path: str, **headers: str) -> Any:
    async with service.client() as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("kind", all_types(), ids=lambda k: k.name)
async def test_every_dataschema_can_be_fetched(service: toy.Toy, kind: Any) -> None:
    response = await get(service, f"/v1/schemas/events/careledger.{kind.name}/{kind.version}")
    assert response.status_code == 200
    assert jsonschema_rs.meta.is_valid(response.json())
    had = {"If-None-Match": response.headers["etag"]}
    again = await get(service, f"/v1/schemas/events/{kind.name}/{kind.version}", **had)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["events/customer.purchased/2", "events/nothing/1", "inbound/care.delivered/1"])
async def test_unknown_types_are_404(service: toy.Toy, path: str) -> None:
    assert (await get(service, f"/v1/schemas/{path}")).status_code == 404


async def test_the_schema_of_what_is_heard_is_the_body(service: toy.Toy) -> None:
    schema = (await get(service, "/v1/schemas/inbound/careledger.customer.purchased/1")).json()
    body = {"order": "o", "amount": {"amount": "1.00", "currency": "USD"}}
    assert jsonschema_rs.is_valid(schema, body)
    assert not jsonschema_rs.is_valid(schema, {**body, "more": 1})


def test_a_fact_as_it_is_stored_fits_its_schema() -> None:
    fact = complaints.ComplaintSpotted(
        complaint="c", summary="the kettle leaks", severity="serious", role="staff", who="lan", wants=("respect",)
    )
    schema = fact_schema("careledger.complaint.spotted", 1)
    sealed = sealed_data(fact, new_id(), SubjectKey.new())
    assert jsonschema_rs.is_valid(schema, sealed)
    assert not jsonschema_rs.is_valid(schema, {**sealed, "summary": "in plain it must not stand there"})
    delivered = care.CareDelivered.model_validate({"delivery": "d", "cost": {"amount": "12.50", "currency": "USD"}})
    assert jsonschema_rs.is_valid(fact_schema("care.delivered", 1), sealed_data(delivered, new_id(), None))


def test_the_asyncapi_document_knows_every_topic_and_type() -> None:
    found = asyncapi({"profile": {"customer.purchased": toy.PurchaseBody}})
    assert found["asyncapi"] == "3.0.0"
    addresses = {c["address"] for c in found["channels"].values()}
    assert set(TOPICS.values()) < addresses
    assert len(addresses) == 7
    assert {k.name for k in all_types()} < set(found["components"]["messages"])
    assert "inbound.customer.purchased" in found["components"]["messages"]
    text = json.dumps(found)
    assert "#/$defs/" not in text
    for channel in found["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].removeprefix("#/components/messages/") in found["components"]["messages"]
    for operation in found["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in found["channels"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("customer_kinds", customers.Kind),
        ("stages", customers.Stage),
        ("loss_reasons", customers.LossReason),
        ("value_classes", customers.ValueClass),
        ("severities", complaints.Severity),
        ("spotter_roles", complaints.SpotterRole),
        ("causes", complaints.Cause),
        ("wants", complaints.Want),
        ("asks", care.Asked),
        ("directions", care.Direction),
        ("levels", scores.Level),
        ("tiers", scores.Tier),
    ],
)
def test_the_vocabulary_has_every_code_of_the_catalogue(name: str, codes: Any) -> None:
    assert set(VOCABULARY[name]) == set(get_args(codes))


def test_every_code_has_a_label_of_its_own_in_every_language() -> None:
    for name, codes in VOCABULARY.items():
        for language in LANGUAGES:
            labels = [labels[language] for labels in codes.values()]
            assert all(labels), name
            assert len(set(labels)) == len(labels), (name, language)


async def test_the_vocabulary_is_served(service: toy.Toy) -> None:
    response = await get(service, "/v1/vocabulary")
    assert response.json()["wants"]["gratitude"] == {"en": "Gratitude", "vi": "Được cảm ơn", "zh": "得到感谢"}


async def test_the_openapi_document_describes_bodies_keys_and_problems(service: toy.Toy) -> None:
    found = (await get(service, "/openapi.json")).json()
    operation = found["paths"]["/v1/customers/{customer}/purchases"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/PurchaseBody"}
    assert found["components"]["schemas"]["PurchaseBody"]["additionalProperties"] is False
    assert operation["security"] == [{"bearerAuth": []}]
    assert operation["requestBody"]["required"] is True
    assert found["paths"]["/healthz"]["get"]["security"] == []
    assert found["paths"]["/healthz"]["servers"] == [{"url": "."}]
    assert {"200", "201", "401", "404", "409", "410", "413", "415", "422", "503"} <= operation["responses"].keys()
    refused = operation["responses"]["409"]["content"]
    assert refused == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    changing = found["paths"]["/v1/customers/{customer}"]["patch"]
    assert set(changing["requestBody"]["content"]) == {"application/json", "application/merge-patch+json"}
    assert {"412", "428"} <= changing["responses"].keys()
    known = found["components"]["schemas"]
    assert not [r for r in _references(found) if r.removeprefix("#/components/schemas/") not in known]
    assert found["components"]["schemas"]["Money"]["properties"]["amount"]["type"] == "string"


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [r for below in part.values() for r in _references(below)]
    return [r for below in part for r in _references(below)] if isinstance(part, list) else []
