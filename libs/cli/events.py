"""`careledger events`: the log, seen from a terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from libs.cli.lazily import group

app = group("Publish to the inbound topics; watch the facts.", no_args_is_help=True)
LogUrl = Annotated[str, typer.Option("--log-url", help="The log.", show_default="CARELEDGER_LOG_URL, else in DATA_DIR")]
File = Annotated[str, typer.Argument(help="CloudEvents as JSON Lines; - is the standard input.", show_default=False)]
Inbound = Annotated[
    str, typer.Option("--topic", help="inbound.customers, inbound.care or inbound.complaints.", show_default="by type")
]
Facts = Annotated[
    list[str] | None, typer.Option("--topic", help="customers, care, complaints or scores.", show_default="all of them")
]


@app.command()
def publish(
    file: File,
    topic: Inbound = "",
    log_url: LogUrl = "",
) -> None:
    """Publish CloudEvents straight to the inbound topics, as another system would.

    Nothing judges them here: what cannot be taken is found in quarantine, GET /v1/events/{service}?source=&id= tells
    what became of one. Publishing again is safe, an event is known by its source and id.

    Example: careledger events publish orders.jsonl
    """
    from libs.cli.logs import publish_file, run

    run(log_url, lambda log: publish_file(log, file, topic))


@app.command()
def tail(
    topic: Facts = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="All there are, not only new ones.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    log_url: LogUrl = "",
) -> None:
    """Print facts as JSON Lines (CloudEvents), as they stand in the log: personal data stays sealed.

    Example: careledger events tail --topic customers --from-start

    Example: careledger events tail --follow
    """
    from libs.cli.logs import run, tail_topics

    run(log_url, lambda log: tail_topics(log, topic or [], from_start=from_start, follow=follow))
