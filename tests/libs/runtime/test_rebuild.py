"""`careledger rebuild`, `migrate` and `republish` as an operator calls them, beside a service that runs or does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from libs.cli.main import app
from libs.events.store.opening import open_database
from tests.faults.conftest import Engines
from tests.libs.runtime.refilling import TOPIC, until, works

Careledger = Callable[..., Result]


@pytest.fixture
def careledger(engines: Engines, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Careledger:
    """Calls the command line, with all services on one database."""
    monkeypatch.setenv("CARELEDGER_DATABASE_URL", engines.database_url)
    monkeypatch.setenv("CARELEDGER_LOG_URL", engines.log_url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def call(*arguments: str) -> Result:
        """In a thread, as it has an event loop of its own."""
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(CliRunner().invoke(app, list(arguments))))
        thread.start()
        thread.join()
        # a command sends the log to the standard error it had, which is closed by now; whoever else is here logs on
        structlog.reset_defaults()
        return results[0]

    return call


async def test_a_rebuild_heals_the_read_model_of_a_service_that_runs(engines: Engines, careledger: Careledger) -> None:
    async with works(engines) as shop:
        await shop.buy("c1", "c2", count=10)
        shop.start(shop.projector().run, shop.relay.run)
        await shop.caught_up()
        before = await shop.read()
        async with shop.scoring.begin() as tx:
            await tx.conn.exec_driver_sql("UPDATE facts SET canonical = NULL")
            await tx.conn.exec_driver_sql("DELETE FROM touched")
        # nothing new is written: the worker must notice by itself
        result = await asyncio.to_thread(careledger, "rebuild", "--service", "scoring")
        assert result.exit_code == 0, result.output
        assert result.output.startswith("scoring: emptied ")
        assert "facts" in result.output

        async def healed() -> bool:
            return await shop.read() == before

        await until(healed)


async def test_a_rebuild_of_a_stopped_service_waits_for_its_worker(engines: Engines, careledger: Careledger) -> None:
    async with works(engines) as shop:
        await shop.buy("c1", count=3)
        while await shop.relay.once():
            pass
        worker = shop.projector()
        running = asyncio.create_task(worker.run())
        await shop.caught_up()
        before = await shop.read()
        worker.stop()
        await running
        assert (await asyncio.to_thread(careledger, "rebuild", "--service", "scoring")).exit_code == 0
        assert (await shop.read())["facts"] == []
        shop.start(shop.projector().run)
        await shop.caught_up()
        assert await shop.read() == before


async def test_migrate_tells_what_it_did(engines: Engines, careledger: Careledger) -> None:
    first = await asyncio.to_thread(careledger, "migrate", "--service", "scoring")
    assert first.exit_code == 0, first.output
    assert "scoring: schema 0001: " in first.output
    assert "scoring: views: made " in first.output
    again = await asyncio.to_thread(careledger, "migrate", "--service", "scoring")
    assert again.output == "scoring: nothing to do\n"


async def test_migrate_says_whose_tables_stand_in_the_way(engines: Engines, careledger: Careledger) -> None:
    database = open_database(engines.database_url)
    async with database.begin() as tx:
        await tx.conn.exec_driver_sql("CREATE TABLE subjects (subject TEXT PRIMARY KEY)")
    await database.close()
    result = await asyncio.to_thread(careledger, "migrate", "--service", "care")
    assert result.exit_code == 2
    assert "subjects" in result.output


async def test_republish_from_the_command_line(engines: Engines, careledger: Careledger) -> None:
    async with works(engines) as shop:
        await shop.buy("c1", count=3)
        while await shop.relay.once():
            pass
        result = await asyncio.to_thread(careledger, "republish", "--service", "profile", "--anew", "--yes")
        assert result.exit_code == 0, result.output
        assert f"profile: 4 facts published to {TOPIC}" in result.output
        assert len(await shop.records()) == 4


@pytest.mark.parametrize("topic", ["careledger.care", "careledger.inbound.customers"])
def test_facts_do_not_go_where_they_do_not_belong(careledger: Careledger, topic: str) -> None:
    result = careledger("republish", "--service", "profile", "--topic", topic)
    assert result.exit_code == 2
    assert "is not for the facts of profile" in result.output


@pytest.mark.parametrize("command", ["rebuild", "republish", "migrate"])
def test_an_unknown_service_is_refused(careledger: Careledger, command: str) -> None:
    result = careledger(command, "--service", "billing")
    assert result.exit_code == 2
    assert "there is no service billing" in result.output
