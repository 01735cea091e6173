"""Real engines for the tests, without Docker: PostgreSQL (a wheel's 18, or the machine's own) and Apache Kafka (jars
from Maven). Plain classes with start, stop, kill and restart, for fixtures and scripts alike; `python -m tests.engines
up` starts them by hand. What cannot be had raises `Unavailable` with the reason, which a skipped test then shows."""

from tests.engines.kafka import Kafka
from tests.engines.postgres import Postgres
from tests.engines.process import Unavailable

__all__ = ["Kafka", "Postgres", "Unavailable"]
