"""Migrations: how a service's database comes to the shape that this program needs.

`durable` upgrades what must last (facts, keys, what consumers remember, the inbox) by the numbered steps in
`versions/`, through Alembic. `views` makes the read models' tables, and makes them anew where their shape changed: they
are folds of the facts and lose nothing by it.

A step must leave the version before it able to work, for during a rollout both do.
"""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.store.database import Database
from libs.events.views import View
from libs.migrations.durable import HEAD, upgrade
from libs.migrations.views import digests, prepare_views, shapes

_NOTED = (
    "SELECT 'schema', version_num FROM alembic_version "
    "UNION ALL SELECT name, value FROM store_meta WHERE name LIKE 'views:%'"
)


async def migrate(database: Database, views: Sequence[View], *, force: bool = False) -> list[str]:
    """Brings a database to this version, and says what was done: nothing, where there was nothing to do.

    Any number of processes may call it at the same time. Where nothing is to be done it costs one query. A schema of a
    later version is left alone, and so are its views, unless `force`: a process of the version before, restarted in the
    middle of a rollout, must not undo what the new one did. Raises `Foreign`.
    """
    if await _is_done(database, views):
        return []
    return [*await upgrade(database), *await prepare_views(database, views, force=force)]


async def _is_done(database: Database, views: Sequence[View]) -> bool:
    try:
        async with database.read() as reader:
            noted = dict(list(map(tuple, await reader.rows(_NOTED))))
    except Exception:  # the tables are not there yet; whatever else it is, the upgrade meets it again and tells
        return False
    return noted.pop("schema", None) == HEAD and digests(noted) == shapes(database.dialect, views)


__all__ = ["migrate", "prepare_views"]
