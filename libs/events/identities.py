"""A reference is an id: how `pos:12345` becomes a customer id that every service computes alike.

The id is a UUIDv8 of HMAC-SHA256 over the system, the key and a generation, under the deployment's secret: events
may arrive before the customer does, and nobody outside can enumerate phone numbers into ids. Erasing a person raises
the generation, so that somebody who comes back starts anew.
"""

from __future__ import annotations

import hmac
import re
import uuid
from dataclasses import dataclass

from libs.events.clock import uuid_text
from libs.events.decider import Invalid

REFERENCE_PATTERN = r"^[a-z][a-z0-9_.-]{0,39}:\S(.{0,198}\S)?$"
"""What a reference looks like, for documents; some systems' names are taken besides."""
_REFERENCE = re.compile(r"([a-z][a-z0-9_.-]{0,39}):(\S(?:.{0,198}\S)?)")
_RESERVED = frozenset({
    "survey", "calendar", "model", "anonymous", "setting", "complaint", "classification", "segment", "rate", "urn",
    "http", "https",
})  # fmt: skip


class BadName(Invalid):
    """Neither a customer id nor a reference."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Computes customer ids from references under the deployment's `secret` (32 bytes or more)."""

    secret: bytes

    def of_reference(self, reference: str, generation: int = 0) -> str:
        """The id that a reference `system:key` stands for. Raises `BadName`."""
        system, key = split(reference)
        # length-prefixed, so that no two (system, key) pairs run together
        message = f"{len(system)}:{system}:{len(key)}:{key}:{generation}".encode()
        return uuid_v8(hmac.digest(self.secret, b"customer " + message, "sha256"))

    def resolve(self, named: str, generation: int = 0) -> str:
        """The id of a customer named by id or by reference. Raises `BadName`."""
        return as_id(named) or self.of_reference(named, generation)


def as_id(named: str) -> str | None:
    """`named` as a canonical customer id; None where it is not one."""
    if len(named) != 36:
        return None
    try:
        return str(uuid.UUID(named))
    except ValueError:
        return None


def split(reference: str) -> tuple[str, str]:
    """System and key of a reference. Raises `BadName`, which never holds what was sent."""
    match = _REFERENCE.fullmatch(reference)
    if not match or match[1] in _RESERVED or "\x00" in reference:
        raise BadName("bad_customer", "a customer is named by its id or by a reference system:key", pointer="/customer")
    return match[1], match[2]


def uuid_v8(digest: bytes) -> str:
    """The first 16 bytes of a digest as a UUID, version 8 (RFC 9562)."""
    return uuid_text(digest, "8")
