"""The tables that must last, upgraded step by step; one process at a time, all steps in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, inspect, text

from libs.events.consuming.tables import metadata as consuming
from libs.events.inbox.tables import metadata as inbox
from libs.events.store.database import Database, Transaction
from libs.events.store.schema import metadata as store
from libs.events.vault.vault import metadata as vault

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

PLACE = Path(__file__).parent
HEAD = max(step.name[:4] for step in (PLACE / "versions").glob("0*.py"))
"""The last step that this program knows: steps are numbered, one after another."""
_LOCK = 0x4D696772  # any number, the same in all our processes


class Foreign(Exception):
    """The database holds tables of our names that are not ours, or were changed by hand; says which differ."""


def durable() -> MetaData:
    """All tables that are no read models, as this program uses them."""
    together = MetaData()
    for metadata in (store, vault, consuming, inbox):
        for table in metadata.tables.values():
            table.to_metadata(together)
    return together


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[Transaction]:
    """A transaction that changes tables: one at a time, however many processes start at once."""
    async with database.begin() as tx:
        if database.dialect == "postgresql":
            # to wait for another one's migration is no fault, however long that takes; to wait for a table is
            await tx.conn.execute(text("SET LOCAL lock_timeout = 0"))
            await tx.conn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await tx.conn.execute(text("SET LOCAL lock_timeout = '5s'"))
        yield tx


async def upgrade(database: Database) -> list[str]:
    """Takes the steps that are missing, and says which. Raises `Foreign`."""
    async with alone(database) as tx:
        return await tx.conn.run_sync(_upgrade)


def _upgrade(connection: Connection) -> list[str]:
    # imported only where there is something to do, which is seldom: every start of a process would pay for it
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    done: list[str] = []
    script = ScriptDirectory(str(PLACE))

    def taken(*, step: Any, **_: Any) -> None:
        done.append(f"schema {step.up_revision_id}: {step.up_revision.doc}")

    def steps(current: Any, context: Any) -> Any:
        return script._upgrade_revs("head", current)

    context = MigrationContext.configure(connection, opts={"fn": steps, "on_version_apply": (taken,)})
    found = context.get_current_revision()
    if found is None and (there := _present(connection)):
        return [_adopt(connection, context, script, there)]
    if found is not None and found > HEAD:
        return [f"schema {found} is of a later version than {HEAD}: left as it is"]
    # the operations are handed over: Alembic's usual `op` is one for the whole process, and a process may migrate the
    # databases of several services side by side
    context.run_migrations(op=Operations(context))
    return done


def _present(connection: Connection) -> list[str]:
    return sorted(durable().tables.keys() & set(inspect(connection).get_table_names()))


def _adopt(connection: Connection, context: MigrationContext, script: ScriptDirectory, there: list[str]) -> str:
    """Takes over tables that were made without migrations, if they are as this version defines them."""
    from alembic.autogenerate import compare_metadata

    wanted = durable()
    wanted.create_all(connection)
    ours = {"include_name": lambda name, kind, parents: kind != "table" or name in wanted.tables}
    if differ := compare_metadata(context.configure(connection, opts=ours), wanted):
        raise Foreign(f"tables are there already, and differ: {'; '.join(sorted(map(_told, differ)))}")
    context._ensure_version_table()
    context.stamp(script, "head")
    return f"schema {HEAD}: took over {len(there)} tables made before"


def _told(difference: Any) -> str:
    """What differs: changes of one column come as a list, others as a tuple."""
    if isinstance(difference, list):
        return _told(difference[0])
    kind, *about = difference
    names = [name for part in about if (name := part if isinstance(part, str) else getattr(part, "name", None))]
    return " ".join([kind, *names])
