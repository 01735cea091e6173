"""`careledger quarantine`: what could not be taken, and what is to become of it."""

from __future__ import annotations

from typing import Annotated

import typer

from libs.cli.lazily import group

app = group("See to events that could not be taken.", no_args_is_help=True)
Service = Annotated[str, typer.Option("--service", help="profile, care, complaints or scoring.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(help="Entries, as `list` names them.", show_default=False)]


@app.command("list")
def list_(
    service: Service,
    reason: Annotated[str, typer.Option(help="Only entries of this reason.", show_default="all")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
) -> None:
    """List what is in a service's quarantine, without what it holds.

    Example: careledger quarantine list --service care
    """
    from libs.cli.quarantining import entries

    entries(service, reason, limit)


@app.command()
def show(
    entry: Annotated[str, typer.Argument(help="The entry, as `list` names it.", show_default=False)],
    service: Service,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print its bytes, too: they may be personal.")] = False,
) -> None:
    """Show one entry: why it is there, where it came from.

    Example: careledger quarantine show 3f0c55d2a9b14c7e8d21aa07 --service care
    """
    from libs.cli.quarantining import one

    one(service, entry, reveal=reveal)


@app.command()
def retry(entries: Ids, service: Service) -> None:
    """Have entries tried again; the service does so within a second of running.

    Example: careledger quarantine retry 3f0c55d2a9b14c7e8d21aa07 --service care
    """
    from libs.cli.quarantining import ask

    ask(service, entries, "retry")


@app.command()
def discard(
    entries: Ids,
    service: Service,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back.")] = False,
) -> None:
    """Give entries up. A fact is left out from then on, in rebuilds, too, and what waits behind it goes on.

    Example: careledger quarantine discard 3f0c55d2a9b14c7e8d21aa07 --service care
    """
    from libs.cli.quarantining import ask

    if not yes:
        typer.confirm(f"Give up {len(entries)} for good?", abort=True)
    ask(service, entries, "discard")
