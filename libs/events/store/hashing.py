"""Names are kept as keyed digests: they may hold references, and a database must not give those away."""

from __future__ import annotations

import hmac


class Hashing:
    """HMAC-SHA256 under the deployment's secret, cut to 16 bytes: enough that two names never meet."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"names", "sha256")

    def of(self, name: str) -> bytes:
        """The digest of a name."""
        return hmac.digest(self._secret, name.encode(), "sha256")[:16]
