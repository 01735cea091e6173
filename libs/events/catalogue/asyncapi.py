"""The AsyncAPI 3.0 document of every topic, made from the catalogue: what is told, what may be published, and how.

Bindings are Kafka's; the embedded log keeps the same topics, keys and headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from libs.events.catalogue import INBOUND, TOPICS
from libs.events.catalogue.registry import EventType, all_types
from libs.events.catalogue.schemas import data_schema
from libs.events.envelope import PREFIX

INBOUND_RETENTION_MS = 7 * 24 * 3600 * 1000
_TEXT = {"type": "string"}
_REQUIRED = ("specversion", "id", "source", "type", "subject", "time", "dataschema", "partitionkey", "sequence",
             "recordedtime", "commandkey")  # fmt: skip
_HEADERS = {
    "type": "object",
    "required": ["content-type", *(f"ce_{name}" for name in _REQUIRED)],
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        **{f"ce_{name}": _TEXT for name in (*_REQUIRED[1:], "epoch", "cause")},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]{12,}$"},
    },
}
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1},
        "type": _TEXT,
        "subject": _TEXT,
        "time": {"type": "string", "format": "date-time"},
        "data": {},
    },
}


Bodies = Mapping[str, Mapping[str, type[BaseModel]]]


def asyncapi(inbound: Bodies | None = None, version: str = "1.0.0") -> dict[str, Any]:
    """The document. `inbound` gives, by service, the body models of its doors by event type (without prefix);
    services that it leaves out have inbound topics whose messages are any CloudEvent."""
    inbound = inbound or {}
    messages: dict[str, Any] = {}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for service, topic in TOPICS.items():
        facts = [kind for kind in all_types() if kind.topic == topic]
        messages |= {kind.name: _fact(kind) for kind in facts}
        channels[service] = _channel(topic, f"What {service} knows to have happened.", [k.name for k in facts], -1)
        operations[f"tell_{service}"] = _operation("send", service, f"{service} tells a fact, once it is stored.")
    for service, topic in INBOUND.items():
        bodies = inbound.get(service, {})
        told = {f"inbound.{name}": _inbound(name, body) for name, body in bodies.items()} or {"inbound": _anything()}
        messages |= told
        name = f"inbound_{service}"
        channels[name] = _channel(topic, f"What other systems tell {service}.", list(told), INBOUND_RETENTION_MS)
        operations[f"hear_{service}"] = _operation("receive", name, f"{service} hears of something, as over HTTP.")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Careledger events", "version": version, "description": (__doc__ or "").strip()},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _channel(topic: str, description: str, messages: list[str], retention_ms: int) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": {
            "topic": topic, "topicConfiguration": {"retention.ms": retention_ms}, "bindingVersion": "0.5.0",
        }},
    }  # fmt: skip


def _operation(action: str, channel: str, summary: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _kafka_key(description: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": description}, "bindingVersion": "0.5.0"}}


def _fact(kind: EventType) -> dict[str, Any]:
    return {
        "name": PREFIX + kind.name,
        "title": kind.model.__name__,
        "summary": (kind.model.__doc__ or "").strip(),
        "contentType": "application/json",
        "headers": _HEADERS,
        "payload": _local(data_schema(kind)),
        "bindings": _kafka_key("The subject, so that one subject's facts keep their order."),
    }


def _inbound(name: str, body: type[BaseModel]) -> dict[str, Any]:
    kind = {"type": {"const": PREFIX + name}}
    payload = _ENVELOPE | {
        "required": [*_ENVELOPE["required"], "data"],
        "properties": {**_ENVELOPE["properties"], **kind, "data": _local(body.model_json_schema())},
    }
    return _received(PREFIX + name, (body.__doc__ or "").strip(), payload)


def _anything() -> dict[str, Any]:
    return _received("CloudEvent", "Any event that this service has a door for.", _ENVELOPE)


def _received(name: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": summary,
        "description": "Structured mode; binary mode, with the attributes in `ce_*` headers, is heard as well.",
        "contentType": "application/cloudevents+json",
        "payload": payload,
        "bindings": _kafka_key("Any: nothing relies on inbound partitions."),
    }


def _local(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with its definitions put in their places: references would be read from the document's root."""
    definitions = schema.pop("$defs", {})

    def put_in(part: Any, within: tuple[str, ...]) -> Any:
        if isinstance(part, list):
            return [put_in(below, within) for below in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions and name not in within:
            return put_in(definitions[name], (*within, name))
        # a discriminator only repeats, by reference, what the branches say
        return {k: put_in(v, within) for k, v in part.items() if not (k == "discriminator" and "mapping" in v)}

    local = put_in(schema, ())
    assert isinstance(local, dict)
    return local
