"""The deployment's two secrets: one makes ids of references, the other wraps the subjects' keys.

Operators set both. Where they are not set, they are made once and kept beside the data, readable by the owner alone:
right for a laptop, and said in the log where the engines are not.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import structlog

from libs.events.settings import Settings

_log = structlog.get_logger()
LENGTH = 32


class BadSecret(ValueError):
    """A secret is not hex of at least 32 bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """`identity` makes ids, `master` wraps keys."""

    identity: bytes
    master: bytes


def load_secrets(settings: Settings) -> Secrets:
    """The secrets that were set, else those kept in the data folder. Raises `BadSecret`."""
    identity = _given("CARELEDGER_SECRET", settings.secret) or _kept(settings, "identity.secret")
    master = _given("CARELEDGER_MASTER_KEY", settings.master_key) or _kept(settings, "master.key")
    return Secrets(identity, master[:LENGTH])


def _given(name: str, text: str) -> bytes | None:
    if not text:
        return None
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) < LENGTH:
        raise BadSecret(f"{name} must be hex of at least {LENGTH} bytes (openssl rand -hex {LENGTH})")
    return raw


def _kept(settings: Settings, name: str) -> bytes:
    if not settings.database("x").startswith("sqlite"):
        _log.warning("a secret is kept in the data folder: set it where more than one machine serves", secret=name)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / name
    return _read(path) or _make(path)


def _read(path: Path) -> bytes | None:
    return bytes.fromhex(path.read_text().strip()) if path.exists() else None


def _make(path: Path) -> bytes:
    # several processes may start at once: the lock lets one of them make it, and it appears whole or not at all
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := _read(path):
            return found
        half = path.with_suffix(".half")
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
    made = _read(path)
    assert made is not None
    return made
