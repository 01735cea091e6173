"""`careledger imports`: what was imported, and taking it back."""

from __future__ import annotations

from typing import Annotated

import typer

from libs.cli.address import Key, Url
from libs.cli.lazily import group

app = group("List imports, and take one back.", no_args_is_help=True)


@app.command("list")
def list_(url: Url = "", key: Key = "") -> None:
    """List the imports of customers and purchases, with what each brought and what was taken back.

    Example: careledger imports list
    """
    from libs.cli.address import address
    from libs.cli.undoing import show

    show(address(url, key))


@app.command()
def undo(
    name: Annotated[str, typer.Argument(help="The import, as `list` names it.", show_default=False)],
    url: Url = "",
    key: Key = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back.")] = False,
) -> None:
    """Take an import back: records are what they were before, orders are refunded in full, refunds given back, merges
    undone.

    No fact is deleted. What stays is told, with the reason: what was changed since is kept. Repeating it is safe.

    Example: careledger imports undo purchases-pos-1f2e3d4c --dry-run
    """
    from libs.cli.address import address
    from libs.cli.undoing import take_back

    if not (dry_run or yes):
        typer.confirm(f"Take back all that {name} brought?", abort=True)
    take_back(address(url, key), name, dry_run=dry_run)
