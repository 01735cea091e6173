"""`careledger migrate`, `rebuild` and `republish`: what an operator does to databases and topics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from libs.cli.screen import err, fail, out

if TYPE_CHECKING:
    from libs.events.store.database import Database
    from libs.events.views import View
    from libs.runtime.republish import Refillable

Some = Annotated[list[str] | None, typer.Option("--service", help="Only this service (may be given again).")]
One = Annotated[str, typer.Option("--service", help="profile, care, complaints or scoring.", show_default=False)]


def migrate(service: Some = None) -> None:
    """Bring the databases to this version; safe to run again, and from many places at once.

    Read models whose shape changed are made anew, and the services fill them again from the facts.

    Example: careledger migrate --service profile
    """

    async def work() -> None:
        from libs.migrations import migrate

        for name in _known(service):
            async with _opened(name) as (database, views):
                # who asks for it means this version, even where a later one was here before
                told = await migrate(database, views, force=True)
            for line in told or ["nothing to do"]:
                out.print(f"{name}: {line}", markup=False, soft_wrap=True)

    _run(work)


def rebuild(service: One) -> None:
    """Build a service's read models again from the facts. It may run meanwhile: its reads fill up as it goes.

    Nothing is announced and nothing is triggered by it. What an operator discarded stays left out.

    Example: careledger rebuild --service scoring
    """

    async def work() -> None:
        from libs.events.consuming import rebuild

        async with _opened(service) as (database, views):
            await rebuild(database, views)
            tables = [table.name for view in views for table in view.tables.sorted_tables]
        out.print(f"{service}: emptied {', '.join(tables)}", markup=False, soft_wrap=True)
        out.print("a worker fills them again from the first fact: at once if it runs, else when it starts")

    _known([service])
    _run(work)


def republish(
    service: One,
    topic: Annotated[str, typer.Option(help="Another topic than the service's own.", show_default=False)] = "",
    anew: Annotated[bool, typer.Option("--anew", help="Delete the topic first and make it anew.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask back.")] = False,
) -> None:
    """Fill a service's topic again from its store. The service may run meanwhile: consumers drop what they had.

    A topic that is missing is made, with CARELEDGER_PARTITIONS partitions.

    Example: careledger republish --service profile
    """
    from libs.events.catalogue import INBOUND, TOPICS

    _known([service])
    name = topic or TOPICS[service]
    if name != TOPICS[service] and name in {*TOPICS.values(), *INBOUND.values()}:
        fail(f"{name} is not for the facts of {service}")
    if anew and not yes and not typer.confirm(f"Delete {name} and all its records?"):
        raise typer.Exit(1)
    _run(lambda: _republish(service, name, anew=anew))


async def _republish(service: str, topic: str, *, anew: bool) -> None:
    from typing import cast

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from libs.events.log.opening import open_log
    from libs.events.settings import Settings
    from libs.runtime.republish import Refillable, facts, refill

    settings = Settings()
    log: Refillable = cast(Refillable, open_log(settings.log()))
    columns = TextColumn(f"{service} → {topic}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    async with _opened(service) as (database, _):
        await log.start()
        try:
            with Progress(*columns, console=err) as progress:
                task = progress.add_task("", total=await facts(database))
                count = await refill(
                    service, database, log, topic, settings.partitions, anew=anew,
                    told=lambda done: progress.update(task, completed=done),
                )  # fmt: skip
        finally:
            await log.stop()
    out.print(f"{service}: {count:,} facts published to {topic}", markup=False)


@asynccontextmanager
async def _opened(service: str) -> AsyncIterator[tuple[Database, Sequence[View]]]:
    """A service's database and views; nothing of it is started."""
    from libs.events.log.opening import open_log
    from libs.events.settings import Settings
    from libs.runtime.assembly import assemble
    from libs.runtime.secrets import LENGTH, Secrets
    from libs.runtime.services import definition

    settings = Settings()
    none = Secrets(bytes(LENGTH), bytes(LENGTH))  # nothing is opened or sealed here: who does this needs no secrets
    assembled = assemble(definition(service), settings, none, open_log(settings.log()))
    try:
        yield assembled.platform.database, assembled.definition.views(assembled.platform)
    finally:
        await assembled.close()


def _known(services: Sequence[str] | None) -> Sequence[str]:
    from libs.runtime.services import SERVICES

    if unknown := set(services or ()) - set(SERVICES):
        fail(f"there is no service {', '.join(sorted(unknown))}: there are {', '.join(SERVICES)}")
    return services or SERVICES


def _run(work: Callable[[], Awaitable[None]]) -> None:
    from sqlalchemy.exc import DBAPIError

    from libs.events.log import Unavailable
    from libs.migrations.durable import Foreign

    async def working() -> None:
        await work()

    try:
        asyncio.run(working())
    except (Foreign, Unavailable, ValueError) as why:
        fail(str(why))
    except (DBAPIError, OSError) as error:
        fail(f"the database cannot be used ({type(error).__name__})")
