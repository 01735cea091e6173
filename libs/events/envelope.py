"""A fact as it is stored and published: CloudEvents 1.0 with the attributes this product adds.

Binary mode on the log: attributes travel in `ce_*` headers, `data` is the JSON value. The added attributes are

- `sequence`: counts a subject's events of one service from 1 without gaps, zero-padded;
- `recordedtime`: when the owning store took the fact (`time` is when it happened);
- `commandkey`: digest of the key of the command that made it, so that equal histories hash equally everywhere;
- `epoch`: which life of the store wrote it (a restored store starts a new one);
- `cause`: id of the event a reaction answered; absent where a person or another system acted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import orjson

from libs.events.values import rfc3339

PREFIX = "careledger."
SEQUENCE_DIGITS = 12
ATTRIBUTES = (
    "specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype",
    "partitionkey", "sequence", "recordedtime", "commandkey", "epoch", "cause",
)  # fmt: skip
HEADERS = tuple("content-type" if name == "datacontenttype" else f"ce_{name}" for name in ATTRIBUTES)


class Malformed(ValueError):
    """The record is no event of ours; says why, never what it held."""


# not frozen, which would take five times as long to make: one is made for every fact, here and by each consumer
@dataclass(slots=True)
class Event:
    """One fact, never changed.

    `type` is without the `careledger.` prefix (`customer.recorded`), `service` the owner's name
    (`profile`); `data` is a JSON object whose personal fields are sealed.
    """

    id: str
    type: str
    version: int
    service: str
    subject: str
    sequence: int
    time: datetime
    recorded: datetime
    key: str
    data: dict[str, Any]
    epoch: int = 0
    cause: str = ""
    raw: bytes = field(default=b"", compare=False, repr=False)
    """`data` as the record had it, where it was read from one: whoever keeps it need not write it anew."""

    @property
    def index(self) -> tuple[datetime, str, str, int]:
        """The order in which a person's facts are folded: time, then source, key and sequence."""
        return self.time, self.service, self.key, self.sequence

    def attributes(self) -> tuple[str, ...]:
        """The CloudEvents attributes in the order of `ATTRIBUTES`; an empty string is an absent one."""
        return (
            "1.0", self.id, f"/careledger/{self.service}", PREFIX + self.type, self.subject, rfc3339(self.time),
            f"/v1/schemas/events/{PREFIX}{self.type}/{self.version}", "application/json",
            self.subject, f"{self.sequence:0{SEQUENCE_DIGITS}d}", rfc3339(self.recorded), self.key,
            str(self.epoch) if self.epoch else "", self.cause,
        )  # fmt: skip

    def structured(self) -> dict[str, Any]:
        """The event as one CloudEvents JSON object."""
        named = dict(zip(ATTRIBUTES, self.attributes(), strict=True))
        return {name: value for name, value in named.items() if value} | {"data": self.data}

    @classmethod
    def from_record(cls, headers: Mapping[str, bytes], value: bytes) -> Self:
        """Reads a binary-mode record. Raises `Malformed` where an attribute is missing or wrong."""
        try:
            kind, version, service = _kind(headers["ce_type"], headers["ce_dataschema"], headers["ce_source"])
            epoch = headers.get("ce_epoch")
            cause = headers.get("ce_cause")
            data = orjson.loads(value)
            if not isinstance(data, dict):
                raise Malformed("data is not an object")
            return cls(
                id=headers["ce_id"].decode(),
                type=kind,
                version=version,
                service=service,
                subject=headers["ce_subject"].decode(),
                sequence=int(headers["ce_sequence"]),
                time=datetime.fromisoformat(headers["ce_time"].decode()),
                recorded=datetime.fromisoformat(headers["ce_recordedtime"].decode()),
                key=headers["ce_commandkey"].decode(),
                data=data,
                epoch=int(epoch) if epoch else 0,
                cause=cause.decode() if cause else "",
                raw=value,
            )
        except KeyError as missing:
            raise Malformed(f"attribute {missing.args[0]} is missing") from None
        except Malformed:
            raise
        except (ValueError, UnicodeDecodeError):
            raise Malformed("an attribute or the data cannot be read") from None


@lru_cache(1024)
def _kind(type_: bytes, schema: bytes, source: bytes) -> tuple[str, int, str]:
    """Type, version and service, which are the same in very many records."""
    text = schema.decode()
    version = int(text[text.rindex("/") + 1 :])
    return type_.decode().removeprefix(PREFIX), version, source.decode().removeprefix("/careledger/")
