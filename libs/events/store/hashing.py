"""Names are kept as keyed digests: they may hold references, and a database must not give those away."""

from __future__ import annotations

import hashlib

SIZE = 16


class Hashing:
    """Keyed BLAKE2b of 16 bytes under the deployment's secret: enough that two names never meet."""

    def __init__(self, secret: bytes) -> None:
        key = hashlib.blake2b(secret, digest_size=32, person=b"names").digest()
        self._begun = hashlib.blake2b(digest_size=SIZE, key=key)  # copied, which is cheaper than to begin anew

    def of(self, name: str) -> bytes:
        """The digest of a name."""
        digest = self._begun.copy()
        digest.update(name.encode())
        return digest.digest()
