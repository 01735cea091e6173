"""Fixtures that give tests real engines, one server of each kind a run, with a database or a prefix of each test's own.

The rule: an engine that cannot be had skips the test by name, with the reason; with REQUIRE_ENGINES=1 it fails it.

    postgres_url          a fresh database, dropped afterwards; the test runs on PostgreSQL 18 and on the machine's own
    postgres_service_url  the same for several services: a URL with `{service}` in it and one database behind each name
    kafka                 the broker's address; kafka_url the same as the product's setting
    topic_prefix          a prefix that no other test has; topics under it are deleted afterwards
    private_postgres      a server of the test's own, to be stopped, killed and restarted
    private_kafka         a broker of the test's own, likewise
"""

import contextlib
import os
import uuid
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.engines import Kafka, Postgres, Unavailable, keeper
from tests.engines.postgres import database

SERVICES = ("profile", "care", "complaints", "scoring")
POSTGRES_URL, KAFKA_ADDRESS = "CARELEDGER_TEST_POSTGRES_URL", "CARELEDGER_TEST_KAFKA"
RUN = pytest.StashKey[keeper.Keeper]()

# A change is judged by what it changed: the same examples every time, however slow the machine. To explore, ask for
# others (`--hypothesis-profile=explore`, or the soak tests).
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.stash[RUN] = keeper.Keeper()


def pytest_unconfigure(config: pytest.Config) -> None:
    if running := config.stash.get(RUN, None):
        running.stop()


@pytest.fixture(autouse=True)
def log_as_found() -> Iterator[None]:
    """What a test does to the process's log ends with it."""
    yield
    structlog.reset_defaults()


def missing(reason: object) -> None:
    """What a test does that lacks an engine or a tool."""
    if os.environ.get("REQUIRE_ENGINES") == "1":
        pytest.fail(f"REQUIRE_ENGINES=1: {reason}", pytrace=False)
    pytest.skip(str(reason))


def ask(name: str) -> str:
    try:
        return keeper.ask(name)
    except Unavailable as reason:
        missing(reason)
        raise


@pytest.fixture(scope="session", params=["given"] if POSTGRES_URL in os.environ else ["18", "system"])
def postgres_server(request: pytest.FixtureRequest) -> str:
    """The URL of a running server's maintenance database."""
    which: str = request.param
    return os.environ[POSTGRES_URL] if which == "given" else ask(f"postgres {which}")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_service_url(postgres_server: str) -> Iterator[str]:
    stem = f"test_{uuid.uuid4().hex}"
    with contextlib.ExitStack() as stack:
        for service in SERVICES:
            stack.enter_context(database(postgres_server, f"{stem}_{service}"))
        yield f"{postgres_server.rsplit('/', 1)[0]}/{stem}_{{service}}"


@pytest.fixture(scope="session")
def kafka() -> str:
    return os.environ.get(KAFKA_ADDRESS) or ask("kafka")


@pytest.fixture
def kafka_url(kafka: str) -> str:
    return f"kafka://{kafka}"


@pytest.fixture
def topic_prefix(kafka: str) -> Iterator[str]:
    from confluent_kafka.admin import AdminClient

    prefix = f"test-{uuid.uuid4().hex[:12]}."
    yield prefix
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    if topics := [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]:
        for deletion in admin.delete_topics(topics).values():
            deletion.result(10)


@pytest.fixture
def private_postgres() -> Iterator[Postgres]:
    try:
        server = Postgres.find("18").start()
    except Unavailable as reason:
        return missing(reason)
    yield server
    server.remove()


@pytest.fixture
def private_kafka() -> Iterator[Kafka]:
    try:
        broker = Kafka().start()
    except Unavailable as reason:
        return missing(reason)
    yield broker
    broker.remove()
