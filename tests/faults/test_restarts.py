"""Engines that go away under load and come back: nothing is lost, nothing happens twice, nobody needs to be told."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from tests.engines import Kafka, Postgres
from tests.faults.conftest import Undisturbed, databases, embedded
from tests.faults.load import Load
from tests.faults.workload import workload
from tests.faults.world import Place, world

FACTS = ("profile", "care", "complaints", "scoring")
CONSUMERS = ("scoring views", "care reactions", "complaints inbox")
EFFECTS = ("scoring views", "care reactions")


async def survives(place: Place, undisturbed: Undisturbed, *troubles: Callable[[], object]) -> Load:
    """Runs everything under load, with a trouble in the middle of it, and another."""
    async with world(place, FACTS, CONSUMERS) as troubled:
        load = Load(troubled, workload(), published=frozenset({"complaints"}))
        async with troubled.running():
            telling = asyncio.create_task(load.run())
            for nth, trouble in enumerate(troubles, start=1):
                await load.reached(nth / (len(troubles) + 2))
                await asyncio.to_thread(trouble)
            async with asyncio.timeout(60):
                await telling
            await troubled.settled()
        assert await troubled.outcome() == undisturbed(FACTS, EFFECTS)
        return load


async def test_postgresql_killed_and_restarted(
    private_postgres: Postgres, kafka_url: str, topic_prefix: str, undisturbed: Undisturbed
) -> None:
    with databases(private_postgres.url()) as url:
        await survives(
            Place("distributed", url, f"{kafka_url}?prefix={topic_prefix}"), undisturbed,
            lambda: private_postgres.restart(signal.SIGQUIT), lambda: private_postgres.restart(signal.SIGINT),
        )  # fmt: skip


async def test_kafka_killed_and_restarted(private_kafka: Kafka, tmp_path: Path, undisturbed: Undisturbed) -> None:
    files = embedded(tmp_path)
    await survives(
        Place("mixed", files.database_url, f"kafka://{private_kafka.address}"), undisturbed,
        lambda: private_kafka.restart(signal.SIGKILL), lambda: private_kafka.restart(signal.SIGTERM),
    )  # fmt: skip
