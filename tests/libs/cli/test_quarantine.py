"""`careledger quarantine`: an operator sees what is there, and personal bytes only when they ask for them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.events.clock import SystemClock
from libs.events.consuming import metadata
from libs.events.consuming.entries import Entries
from libs.events.consuming.quarantine import Quarantine
from libs.events.log import Record
from libs.events.settings import Settings
from libs.events.store.opening import open_database
from libs.events.vault.keys import LocalKeyProvider
from libs.runtime.secrets import load_secrets
from tests.libs.cli.conftest import Careledger

SECRET = "Nguyễn Thị Đỗ"


@pytest.fixture
def entry(careledger: Careledger, tmp_path: Path) -> str:
    """An inbound event in care's quarantine."""
    settings = Settings()
    sealer = LocalKeyProvider(load_secrets(settings).master).service_key("care")
    now = datetime.now(UTC)
    headers = {
        "content-type": b"application/json",
        "ce_type": b"careledger.care.delivered",
        "ce_subject": SECRET.encode(),
    }
    record = Record("careledger.inbound.care", 1, 7, SECRET.encode(), f'{{"name": "{SECRET}"}}'.encode(), headers)
    row = Entries("inbound", sealer, timedelta(days=30)).inbound(
        record, ("/pos", "1"), "invalid", "Invalid", "care.delivered", "", now
    )

    async def write() -> None:
        database = open_database(settings.database("care"))
        await database.create(metadata)
        async with database.begin() as tx:
            await Entries("inbound", sealer, timedelta(days=30)).write(tx, [row])
        await database.close()

    asyncio.run(write())
    return row.id


def state(entry: str) -> str:
    async def read() -> str:
        database = open_database(Settings().database("care"))
        sealer = LocalKeyProvider(load_secrets(Settings()).master).service_key("care")
        found = await Quarantine(database, sealer, SystemClock()).show(entry)
        await database.close()
        return found.state

    return asyncio.run(read())


def test_entries_are_listed_without_what_they_hold(careledger: Careledger, entry: str) -> None:
    result = careledger("quarantine", "list", "--service", "care")
    assert result.exit_code == 0, result.output
    assert entry in result.output
    assert "care.delivered" in result.output
    assert SECRET not in result.output
    assert "nothing" in careledger("quarantine", "list", "--service", "care", "--reason", "other").output


def test_bytes_are_shown_to_those_only_who_ask(careledger: Careledger, entry: str) -> None:
    shown = careledger("quarantine", "show", entry, "--service", "care")
    assert shown.exit_code == 0, shown.output
    assert "careledger.inbound.care partition 1 offset 7" in shown.output
    assert SECRET not in shown.output
    assert SECRET in careledger("quarantine", "show", entry, "--service", "care", "--reveal").output


def test_a_retry_and_a_discard_are_asked_for(careledger: Careledger, entry: str) -> None:
    assert careledger("quarantine", "retry", entry, "--service", "care").exit_code == 0
    assert state(entry) == "retrying"
    assert careledger("quarantine", "discard", entry, "--service", "care").exit_code == 1  # nobody said yes
    assert careledger("quarantine", "discard", entry, "--service", "care", "--yes").exit_code == 0
    assert state(entry) == "discarding"


def test_what_is_not_there_is_said(careledger: Careledger, entry: str) -> None:
    assert careledger("quarantine", "retry", "0", "--service", "care").exit_code == 2
    assert careledger("quarantine", "show", "0", "--service", "care").exit_code == 2
    assert careledger("quarantine", "list", "--service", "profile").exit_code == 2
    assert careledger("quarantine", "list", "--service", "other").exit_code == 2


def test_bytes_sealed_under_another_key_are_not_taken_for_something(
    careledger: Careledger, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELEDGER_MASTER_KEY", "00" * 32)
    result = careledger("quarantine", "show", entry, "--service", "care")
    assert result.exit_code == 2
    assert "CARELEDGER_MASTER_KEY" in result.output
