"""The command line: every command by name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from libs.cli.lazily import Lazy, LazyGroup


class Commands(LazyGroup):
    """What there is, in the order a newcomer meets it."""

    table = {  # noqa: RUF012
        "run": Lazy("libs.cli.run:run", "Serve: all services in one process, or one of them in one role."),
        "demo": Lazy("libs.cli.demo.command:demo", "Load real purchases with generated care, and show what comes out."),
        "import": Lazy("libs.cli.importing.command:import_file", "Bring in a file of customers, purchases, answers…"),
        "imports": Lazy("libs.cli.imports:app", "List imports, and take one back."),
        "events": Lazy("libs.cli.events:app", "Publish to the inbound topics; watch the facts."),
        "keys": Lazy("libs.cli.keys:app", "Make, list and revoke API keys."),
        "quarantine": Lazy("libs.cli.quarantine:app", "See to events that could not be taken."),
        "migrate": Lazy("libs.cli.upkeep:migrate", "Bring the databases to this version."),
        "rebuild": Lazy("libs.cli.upkeep:rebuild", "Build read models again from the facts."),
        "republish": Lazy("libs.cli.upkeep:republish", "Fill a service's topic again from its store."),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # a stack trace must not show what customers wrote
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"careledger {version('careledger')}")
        except PackageNotFoundError:
            typer.echo("careledger, run from its sources without being installed")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")]


@app.callback()
def careledger(version: Version = False) -> None:
    """Remembers everything done for a customer, and says what it adds up to.

    [bold]careledger COMMAND --help[/bold] tells about one command, with an example.
    """
    import structlog

    # warnings are for the operator's eyes: what a command answers on its output may be read by programs
    # (looked up at each line: whoever runs a command inside another program may give it another stream)
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
