"""`careledger run`: serves all services in one process, or one of them in one role."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def run(
    service: Annotated[list[str] | None, typer.Option(help="Only this service (may be given again).")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Only this role: api, relay or worker (may be given again).")
    ] = None,
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on.")] = 8000,
) -> None:
    """Serves until it is asked to stop.

    Engines are chosen by CARELEDGER_DATABASE_URL and CARELEDGER_LOG_URL; without them everything lies in DATA_DIR.

    Example: careledger run --service profile --role api
    """
    from libs.events.clock import SystemClock
    from libs.events.settings import Settings
    from libs.runtime.assembly import ROLES
    from libs.runtime.run import Busy, start
    from libs.runtime.run import run as serve
    from libs.runtime.secrets import BadSecret
    from libs.runtime.services import SERVICES
    from libs.web import logs
    from libs.web.keys import development_key

    names, roles = tuple(service or SERVICES), tuple(role or ROLES)
    for given, known in ((names, SERVICES), (roles, ROLES)):
        if unknown := set(given) - set(known):
            raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
    logs.set_up(os.environ.get("LOG_LEVEL", "INFO"))
    settings = Settings()
    # before serving: whoever sees the service ready finds the key
    key = (
        ""
        if settings.keys_file
        else development_key(settings.data_dir, settings.data_dir / "keys.json", SystemClock().now())
    )

    def started() -> None:
        address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        typer.echo(f"Careledger serves {', '.join(names)} at {address}")
        typer.echo(f"  docs  {address}/{'docs' if len(names) == 1 else ''}")
        if key:
            typer.echo(f"  key   {key}  (in {settings.data_dir / 'development.key'})")

    try:
        start(serve(settings, names, roles, host, port, started))
    except (Busy, BadSecret) as reason:
        typer.echo(f"careledger: {reason}", err=True)
        raise typer.Exit(2) from None
