"""Keys: one for each subject, wrapped by the deployment's provider."""

from __future__ import annotations

import base64
import hmac
import os
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
EVENT = 16


class KeyUnavailable(Exception):
    """A key exists but cannot be had now, or is the wrong one: nothing may be folded as if it were shredded."""


class SubjectKey:
    """The key of one subject."""

    __slots__ = ("_cipher", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._cipher = AESGCM(raw)

    @classmethod
    def new(cls) -> SubjectKey:
        """A fresh random key."""
        return cls(os.urandom(32))

    def seal(self, event_id: str, field: str, value: Any) -> dict[str, str]:
        """The sealed leaf that stands for a JSON value in an event's data."""
        of = uuid.UUID(event_id).bytes
        nonce = os.urandom(NONCE)
        text = self._cipher.encrypt(nonce, orjson.dumps(value), of + field.encode())
        return {"sealed": base64.b64encode(of + nonce + text).decode()}

    def open(self, field: str, leaf: dict[str, str], event_id: str | None = None) -> Any:
        """The value in a leaf. Raises `KeyUnavailable` where it was not sealed so, or for another event."""
        raw = base64.b64decode(leaf["sealed"])
        of, nonce, text = raw[:EVENT], raw[EVENT : EVENT + NONCE], raw[EVENT + NONCE :]
        if event_id is not None and uuid.UUID(event_id).bytes != of:
            raise KeyUnavailable("a sealed field belongs to another event")
        try:
            return orjson.loads(self._cipher.decrypt(nonce, text, of + field.encode()))
        except InvalidTag:
            raise KeyUnavailable("a sealed field does not open with its subject's key") from None

    def seal_bytes(self, label: str, plain: bytes) -> bytes:
        """Seals bytes that belong to the subject but to no event; `label` says what they are."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, label.encode())

    def open_bytes(self, label: str, sealed: bytes) -> bytes:
        """Opens what `seal_bytes` sealed. Raises `KeyUnavailable`."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], label.encode())
        except InvalidTag:
            raise KeyUnavailable(f"{label} does not open with its key") from None


class KeyRing:
    """Some subjects' keys at hand, to open the sealed leaves that views keep."""

    def __init__(self, keys: Mapping[str, SubjectKey]) -> None:
        self._keys = keys

    def open(self, subject: str, field: str, leaf: Any) -> Any:
        """The plain value of a leaf; what is not sealed as it is; None where the key was shredded."""
        if not (isinstance(leaf, dict) and leaf.keys() == {"sealed"}):
            return leaf
        key = self._keys.get(subject)
        return key.open(field, leaf) if key else None

    def record(self, subject: str, data: dict[str, Any]) -> dict[str, Any]:
        """All of a record's leaves opened."""
        return {field: self.open(subject, field, leaf) for field, leaf in data.items()}


class KeyProvider(Protocol):
    """Wraps subjects' keys, so that the database alone opens nothing."""

    def wrap(self, key: SubjectKey, context: str) -> bytes:
        """The key wrapped; `context` (service and subject) is bound to it."""
        ...

    def unwrap(self, wrapped: bytes, context: str) -> SubjectKey:
        """The key again. Raises `KeyUnavailable`."""
        ...


class LocalKeyProvider:
    """Wraps with a master key that the process was given."""

    def __init__(self, master: bytes) -> None:
        self._master = SubjectKey(master)

    def wrap(self, key: SubjectKey, context: str) -> bytes:
        return self._master.seal_bytes(context, key.raw)

    def unwrap(self, wrapped: bytes, context: str) -> SubjectKey:
        return SubjectKey(self._master.open_bytes(context, wrapped))

    def service_key(self, service: str) -> SubjectKey:
        """A key for what belongs to a service but to no subject (quarantined bytes), derived from the master."""
        return SubjectKey(hmac.digest(self._master.raw, f"service {service}".encode(), "sha256"))
