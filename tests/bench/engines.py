"""Where a row runs: databases and topics of its own on real engines, gone again afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient

from libs.events.settings import Settings
from tests.engines import Kafka, Postgres
from tests.engines.postgres import database

SERVICES = ("profile", "care", "complaints", "scoring")
MEMORY = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
"""What any production server has. The tests' own small one writes a checkpoint for every few thousand facts."""
SECRET, MASTER_KEY = "5e" * 32, "3a" * 32
PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Site:
    """One deployment: a database a service, topics under a prefix, a data folder for keys."""

    database_url: str
    log_url: str
    prefix: str
    folder: Path

    @property
    def settings(self) -> Settings:
        """What its processes are told, for one within this process."""
        return Settings(
            DATA_DIR=self.folder, database_url=self.database_url, log_url=self.log_url, secret=SECRET,
            master_key=MASTER_KEY, partitions=PARTITIONS,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """The same for processes."""
        return os.environ | {
            "CARELEDGER_DATABASE_URL": self.database_url, "CARELEDGER_LOG_URL": self.log_url,
            "CARELEDGER_SECRET": SECRET, "CARELEDGER_MASTER_KEY": MASTER_KEY, "DATA_DIR": str(self.folder),
            "CARELEDGER_PARTITIONS": str(PARTITIONS), "LOG_LEVEL": "WARNING",
        }  # fmt: skip

    def driver_url(self, service: str) -> str:
        """A service's database as asyncpg takes it."""
        return self.database_url.replace("{service}", service).replace("+asyncpg", "")


@dataclass(frozen=True, slots=True)
class Bench:
    """The engines of a run. `quick`: fewer repetitions of less, to see that it works."""

    postgres: str
    kafka: str
    quick: bool

    @contextlib.contextmanager
    def site(self) -> Iterator[Site]:
        """A fresh deployment."""
        stem, prefix = f"bench_{uuid.uuid4().hex[:12]}", f"bench-{uuid.uuid4().hex[:12]}."
        folder = Path(tempfile.mkdtemp(prefix="careledger-bench-"))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            for service in SERVICES:
                stack.enter_context(database(self.postgres, f"{stem}_{service}"))
            stack.callback(drop_topics, self.kafka, prefix)
            url = f"{self.postgres.rsplit('/', 1)[0]}/{stem}_{{service}}"
            yield Site(url, f"kafka://{self.kafka}?prefix={prefix}", prefix, folder)

    def pick(self, full: int, quick: int) -> int:
        """How much of something."""
        return quick if self.quick else full


def drop_topics(kafka: str, prefix: str) -> None:
    """Deletes all topics under a prefix."""
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    if topics := [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]:
        for deletion in admin.delete_topics(topics).values():
            deletion.result(30)


@contextlib.contextmanager
def engines(quick: bool) -> Iterator[Bench]:
    """PostgreSQL and Kafka: those the environment names, else throwaway ones."""
    with contextlib.ExitStack() as stack:
        postgres = os.environ.get("CARELEDGER_TEST_POSTGRES_URL")
        if not postgres:
            server = Postgres.find("18")
            stack.callback(server.remove)
            postgres = server.set(**MEMORY).start().url()
        kafka = os.environ.get("CARELEDGER_TEST_KAFKA")
        if not kafka:
            broker = Kafka()
            stack.callback(broker.remove)
            kafka = broker.start().address
        yield Bench(postgres, kafka, quick)
