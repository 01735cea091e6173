"""Which server a command talks to, and with what key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from libs.cli.screen import fail

LOCAL = ("127.0.0.1", "localhost", "::1")

Url = Annotated[
    str, typer.Option("--url", help="Where the services answer.", show_default="http://127.0.0.1:$PORT")
]
Key = Annotated[
    str,
    typer.Option(
        "--key", envvar="CARELEDGER_KEY", help="API key. Prefer the variable: arguments can be seen by others.",
        show_default="$DATA_DIR/development.key", show_envvar=True,
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base URL, without a slash at its end, and the key to call it with ("" where there is none)."""

    url: str
    key: str

    @property
    def local(self) -> bool:
        """Whether it is this machine."""
        return urlsplit(self.url).hostname in LOCAL

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)


def data_dir() -> Path:
    """Where the embedded engine keeps its data."""
    return Path(os.environ.get("DATA_DIR") or "data")


def address(url: str = "", key: str = "") -> Address:
    """The address asked for, with the defaults that `make run` makes true. Ends the command on a URL that is none."""
    url = (url or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}").rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        fail("--url is something like http://127.0.0.1:8000")
    return Address(url, key.strip() or development_key())


def development_key() -> str:
    """The key that a local server wrote, "" where there is none."""
    try:
        return (data_dir() / "development.key").read_text().strip()
    except OSError:
        return ""
