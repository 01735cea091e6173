"""How everything generated says that it is: in its source, in every name that reports show, and in its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from libs.cli.sending.routes import PREFIX, door_of
from libs.events.values import rfc3339

REAL, GENERATED = "/demo/cdnow", "/demo/generated"


def generated(name: str) -> str:
    """A name that nobody takes for a real one."""
    return f"{name} (generated)"


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell a service: an event of its inbound door. `whose` keeps what belongs together in order."""

    type: str
    id: str
    at: datetime
    data: dict[str, Any]
    subject: str = ""
    source: str = GENERATED

    @property
    def door(self) -> str:
        return door_of(PREFIX + self.type) or ""

    @property
    def whose(self) -> str:
        return self.subject or str(self.data.get("complaint") or self.id)

    def encode(self) -> bytes:
        """The CloudEvent."""
        event = {
            "specversion": "1.0", "id": self.id, "source": self.source, "type": PREFIX + self.type,
            "time": rfc3339(self.at), "datacontenttype": "application/json", "data": self.data,
        }  # fmt: skip
        return orjson.dumps(event | ({"subject": self.subject} if self.subject else {}))
