"""API keys: a file that holds their digests, never the keys.

The file is a JSON list of `{name, sha256, created, expires?, scopes}`. It is replaced as a whole (so a reader never
sees half of it) and readable by its owner only. A key itself is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from libs.events.values import Moment

SCOPES = ("*", "read", "write", "events")
"""What a key may do: everything; read; read and write; publish events (for partners and other systems)."""
DEVELOPMENT = "development"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class KeyRecord(BaseModel):
    """What the file says of one key."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    sha256: str
    created: Moment
    expires: Moment | None = None
    scopes: tuple[str, ...] = ("*",)


_records = TypeAdapter(list[KeyRecord])


class BadKeys(Exception):
    """The keys file cannot be read, or what was asked of it cannot be done; says why."""


def digest(key: str) -> str:
    """What the file keeps of a key: its SHA-256 in hex (keys are 256 random bits, so no slow hash is needed)."""
    return hashlib.sha256(key.encode()).hexdigest()


def list_keys(path: Path) -> list[KeyRecord]:
    """The keys in the file, none where there is no file. Raises `BadKeys`."""
    try:
        return _records.validate_json(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise BadKeys(f"the keys file cannot be read ({type(error).__name__})") from None


def create_key(
    path: Path, name: str, now: datetime, *, scopes: Sequence[str] = ("*",), expires: datetime | None = None
) -> str:
    """Makes a key called `name` and returns it; the file keeps only its digest. Raises `BadKeys`."""
    if not _NAME.fullmatch(name):
        raise BadKeys("a name is 1 to 64 lower-case letters, digits, dots, dashes and underscores")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadKeys(f"scopes are {', '.join(SCOPES)}")
    known = list_keys(path)
    if any(k.name == name for k in known):
        raise BadKeys("there is a key of that name; revoke it first")
    key = "cl_" + secrets.token_urlsafe(32)
    record = KeyRecord(name=name, sha256=digest(key), created=now, expires=expires, scopes=tuple(scopes))
    _save(path, [*known, record])
    return key


def revoke_key(path: Path, name: str) -> bool:
    """Forgets the key called `name`; False where there is none. Running services notice within a second."""
    known = list_keys(path)
    kept = [k for k in known if k.name != name]
    if len(kept) == len(known):
        return False
    _save(path, kept)
    return True


def development_key(data_dir: Path, keys_file: Path, now: datetime) -> str:
    """The key in `development.key`, made once and known to the keys file; both are readable by their owner only."""
    place = data_dir / "development.key"
    known = list_keys(keys_file)
    if place.exists():
        key = place.read_text().strip()
        if any(k.sha256 == digest(key) for k in known):
            return key
    revoke_key(keys_file, DEVELOPMENT)  # one whose key was lost
    key = create_key(keys_file, DEVELOPMENT, now)
    replace(place, key.encode() + b"\n")
    return key


def replace(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read, at once as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _save(path: Path, records: Sequence[KeyRecord]) -> None:
    plain = [r.model_dump(mode="json", exclude_none=True) for r in records]
    replace(path, json.dumps(plain, indent=1).encode() + b"\n")
