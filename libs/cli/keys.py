"""`careledger keys`: who may call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from libs.cli.lazily import group
from libs.cli.screen import err, fail, out, whole

if TYPE_CHECKING:
    from libs.web.keys import KeyRecord

app = group("Make, list and revoke API keys. The file keeps their digests only.", no_args_is_help=True)
Expires = Annotated[str, typer.Option(help="Last day it works (2027-01-31), or a moment.", show_default="never")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="read, write, events or *.", show_default="*")]
Name = Annotated[str, typer.Argument(help="Whose it is: lower-case letters, digits, dots, dashes.", show_default=False)]


@app.command()
def create(name: Name, expires: Expires = "", scope: Scopes = None) -> None:
    """Make a key and print it: this once, it is kept nowhere. Running services know it within a second.

    Example: careledger keys create partner-x --scope events --expires 2027-01-31
    """
    from libs.web.keys import BadKeys, create_key

    now = datetime.now(UTC)
    try:
        key = create_key(keys_file(), name, now, scopes=scope or ("*",), expires=end(expires, now))
    except (BadKeys, OSError) as why:
        fail(str(why))
    err.print(f"{name}'s key, to be kept in a safe place; it is not shown again:", style="dim", markup=False)
    typer.echo(key)


@app.command("list")
def list_() -> None:
    """List the keys: names and what they may do, never the keys.

    Example: careledger keys list
    """
    from rich.table import Table

    from libs.web.keys import BadKeys, list_keys

    try:
        known = list_keys(keys_file())
    except BadKeys as why:
        fail(str(why))
    table = Table("name", "may", "made", "works until", box=None)
    for key in known:
        table.add_row(key.name, ", ".join(key.scopes), f"{key.created:%Y-%m-%d}", _until(key))
    if known:
        whole(table)
    else:
        out.print("no keys yet: careledger keys create NAME", markup=False)


@app.command()
def revoke(name: Name) -> None:
    """Take a key away. Running services refuse it within a second.

    Example: careledger keys revoke partner-x
    """
    from libs.web.keys import BadKeys, revoke_key

    try:
        found = revoke_key(keys_file(), name)
    except (BadKeys, OSError) as why:
        fail(str(why))
    if not found:
        fail("there is no key of that name")
    out.print("revoked")


def keys_file() -> Path:
    """Where the services of these settings look for keys."""
    from libs.events.settings import Settings

    settings = Settings()
    return settings.keys_file or settings.data_dir / "keys.json"


def end(text: str, now: datetime) -> datetime | None:
    """When a key stops working: a day is meant with all its hours (in UTC). Ends the command where that is no time."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail("--expires is a day like 2027-01-31, or a moment like 2027-01-31T12:00:00Z")
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    at = at + timedelta(days=1) if len(text) <= len("2027-01-31") else at
    if at <= now:
        fail("--expires lies in the past")
    return at


def _until(key: KeyRecord) -> str:
    if key.expires is None:
        return "it is revoked"
    return f"{key.expires:%Y-%m-%d %H:%M}" + ("" if key.expires > datetime.now(UTC) else " (expired)")
