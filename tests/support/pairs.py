"""Engines in pairs, as deployments have them: SQLite with the embedded log, PostgreSQL with Kafka."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conftest import KAFKA_ADDRESS, POSTGRES_URL, SERVICES, ask
from tests.engines.postgres import database


@dataclass(frozen=True)
class Engines:
    """Where a product's databases and log are; empty URLs are the embedded engine in its data folder."""

    name: str
    database_url: str = ""
    log_url: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """The two settings that choose engines."""
        if not self.database_url:
            return {}
        return {"CARELEDGER_DATABASE_URL": self.database_url, "CARELEDGER_LOG_URL": self.log_url}

    @property
    def broker(self) -> str:
        """Where Kafka listens."""
        return self.log_url.removeprefix("kafka://").split("?")[0]

    @property
    def prefix(self) -> str:
        """What stands before every topic's name."""
        return self.log_url.partition("prefix=")[2]


@contextlib.contextmanager
def fresh(name: str) -> Iterator[Engines]:
    """Engines that hold nothing: `embedded` or `distributed`."""
    if name == "embedded":
        yield Engines(name)
        return
    server = os.environ.get(POSTGRES_URL) or ask("postgres 18")
    broker = os.environ.get(KAFKA_ADDRESS) or ask("kafka")
    stem, prefix = f"story_{uuid.uuid4().hex[:16]}", f"story-{uuid.uuid4().hex[:12]}."
    with contextlib.ExitStack() as stack:
        for service in SERVICES:
            stack.enter_context(database(server, f"{stem}_{service}"))
        stack.callback(_drop_topics, broker, prefix)
        url = f"{server.rsplit('/', 1)[0]}/{stem}_{{service}}"
        yield Engines(name, url, f"kafka://{broker}?prefix={prefix}")


def _drop_topics(broker: str, prefix: str) -> None:
    from confluent_kafka.admin import AdminClient

    admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    if topics := [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]:
        for deletion in admin.delete_topics(topics).values():
            deletion.result(10)
