"""Names are kept as keyed digests: they may hold references, and a database must not give those away."""

from __future__ import annotations

import hashlib


class Hashing:
    """Keyed BLAKE2b of 16 bytes under the deployment's secret: enough that two names never meet."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"names").digest()

    def of(self, name: str) -> bytes:
        """The digest of a name."""
        return hashlib.blake2b(name.encode(), digest_size=16, key=self._key).digest()
