"""Short-lived tickets for event streams: what a browser, which sends no headers there, shows instead of a key."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime, timedelta

LIFE = timedelta(seconds=60)
"""A ticket opens a stream this long after it was made; the stream itself lasts."""


class Tickets:
    """Makes and checks tickets; any replica with the same `secret` can check them."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"stream tickets", "sha256")

    def issue(self, caller: str, now: datetime) -> tuple[str, datetime]:
        """A ticket for `caller`, and when it expires."""
        expires = now + LIFE
        plain = f"{int(expires.timestamp())} {caller}".encode()
        return base64.urlsafe_b64encode(self._sign(plain) + plain).decode("ascii").rstrip("="), expires

    def check(self, ticket: str, now: datetime) -> str | None:
        """Who the ticket was made for; None where it is forged or expired."""
        try:
            raw = base64.b64decode(ticket + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        plain = raw[16:]
        if not hmac.compare_digest(raw[:16], self._sign(plain)):
            return None
        until, _, caller = plain.decode().partition(" ")
        return caller if now.timestamp() < int(until) else None

    def _sign(self, plain: bytes) -> bytes:
        return hmac.digest(self._secret, plain, "sha256")[:16]
