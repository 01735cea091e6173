"""An occasion is told once a year for each person, at the first look after it is near, by whoever looks first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from libs.events.envelope import Event
from services.profile.app import SERVICE
from services.profile.jobs.occasions import tell_what_is_near
from services.profile.projections.occasions import days
from services.profile.settings import settings
from tests.services.house import House, open_house

WEDDING = {"occasion": "wedding", "on": "2015-03-15"}


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


async def recorded(house: House, ref: str = "pos:1", **record: Any) -> str:
    made = await house.http.post("/v1/customers/upsert", json={"ref": ref, "kind": "external", **record})
    assert made.status_code in (200, 201), made.text
    return str(made.json()["id"])


async def look(house: House, *, on: str = "") -> int:
    """What a worker does, as of noon of a day."""
    if on:
        house.clock.moment = datetime.fromisoformat(f"{on}T12:00:00+00:00")
    await house.follow()
    told = await tell_what_is_near(house.platform)
    await house.follow()
    return told


async def told(house: House) -> list[tuple[str, str, int]]:
    """Who was told of, what, and how many days ahead."""
    facts = await neared(house)
    return [(e.subject, e.data["occasion"], e.data["days_ahead"]) for e in sorted(facts, key=lambda e: e.time)]


async def neared(house: House) -> list[Event]:
    return [e for e in await house.facts() if e.type == "customer.occasion_neared"]


async def test_a_birthday_is_told_once_when_it_is_a_week_away_and_again_next_year(house: House) -> None:
    customer = await recorded(house, birthday="1990-03-25")
    assert await look(house, on="2026-03-17") == 0
    assert await look(house, on="2026-03-18") == 1
    assert [await look(house, on=f"2026-03-{day}") for day in (18, 19, 25, 26)] == [0, 0, 0, 0]
    assert await look(house, on="2027-03-20") == 1
    assert await told(house) == [(customer, "birthday", 7), (customer, "birthday", 5)]


async def test_the_fact_tells_neither_the_day_nor_its_name(house: House) -> None:
    customer = await recorded(house, birthday="1990-03-15", special_dates=[WEDDING])
    assert await look(house) == 2
    plain = (b"1990-03", b"2015-03", b"-03-15", b"wedding")
    for event in await neared(house):
        assert not any(word in repr(event).encode() for word in plain)
    opened = [e.data for e in await house.platform.store.history(customer) if e.type == "customer.occasion_neared"]
    assert {(e["occasion"], e.get("name"), e["on"]) for e in opened} == {
        ("birthday", None, "2026-03-15"),
        ("special_date", "wedding", "2026-03-15"),
    }
    assert {e.cause for e in await neared(house)} == {(await house.platform.store.history(customer))[0].id}
    async with house.platform.database.read() as reader:
        rows = (await reader.conn.execute(select(days))).all()
    assert len(rows) == 2
    assert not any(word in repr(rows).encode() for word in plain)


async def test_a_date_recorded_late_is_told_at_once_and_one_that_passed_is_not(house: House) -> None:
    assert await look(house, on="2026-03-13") == 0
    late = await recorded(house, "pos:late", birthday="1990-03-16")
    await recorded(house, "pos:past", birthday="1990-03-12")
    assert await look(house) == 1
    assert await told(house) == [(late, "birthday", 3)]


async def test_what_came_up_while_nobody_looked_is_told_unless_it_passed(house: House) -> None:
    here = await recorded(house, "pos:1", birthday="1990-05-05")
    await recorded(house, "pos:2", birthday="1990-04-05")
    assert await look(house, on="2026-05-05") == 1
    assert await told(house) == [(here, "birthday", 0)]


async def test_a_corrected_date_is_told_once_a_year(house: House) -> None:
    customer = await recorded(house, birthday="1990-03-25")
    assert await look(house, on="2026-03-18") == 1
    house.clock.advance(timedelta(hours=1))
    await recorded(house, birthday="1990-03-28")
    assert await look(house, on="2026-03-21") == 0, "told this year"
    assert await look(house, on="2027-03-18") == 0
    assert await look(house, on="2027-03-21") == 1
    assert await told(house) == [(customer, "birthday", 7), (customer, "birthday", 7)]


async def test_one_person_has_one_birthday(house: House) -> None:
    one = await recorded(house, "pos:1", birthday="1990-03-15")
    other = await recorded(house, "web:1", birthday="1990-03-15")
    third = await recorded(house, "app:1", birthday="1990-03-15")
    await house.post("/v1/merges", {"survivor": one, "merged": other})
    assert await look(house) == 2
    assert {subject for subject, _, _ in await told(house)} == {one, third}
    await house.post("/v1/merges", {"survivor": third, "merged": one})
    assert await look(house) == 0, "each was told before they were merged"
    assert await look(house, on="2027-03-13") == 1
    assert (await told(house))[-1][0] == third


async def test_who_was_told_alone_and_is_merged_then_is_not_told_again(house: House) -> None:
    one = await recorded(house, "pos:1", birthday="1990-03-15")
    assert await look(house) == 1
    other = await recorded(house, "web:1", birthday="1990-03-15")
    await house.post("/v1/merges", {"survivor": other, "merged": one})
    assert await look(house) == 0


async def test_what_another_id_of_the_person_says_later_counts(house: House) -> None:
    one = await recorded(house, "pos:1", birthday="1990-03-15", at="2026-03-01T00:00:00Z")
    other = await recorded(house, "web:1", birthday="1990-08-15", at="2026-03-02T00:00:00Z")
    await house.post("/v1/merges", {"survivor": one, "merged": other})
    assert await look(house) == 0
    assert await look(house, on="2026-08-10") == 1
    assert await told(house) == [(one, "birthday", 5)]


async def test_the_lost_and_the_erased_are_left_alone(house: House) -> None:
    lost = await recorded(house, "pos:1", birthday="1990-03-15", stage="active")
    erased = await recorded(house, "pos:2", birthday="1990-03-15")
    await house.post(f"/v1/customers/{lost}/loss", {"reason": "died"})
    await house.post(f"/v1/customers/{erased}/erasure", {"reason": "request"}, 202)
    assert await look(house) == 0
    async with house.platform.database.read() as reader:
        assert {row.subject for row in (await reader.conn.execute(select(days))).all()} == {lost}
    won = {"approach": "call", "by": "lan", "outcome": "came back"}
    await house.post(f"/v1/customers/{lost}/win-back", won)
    assert await look(house) == 1


async def test_29_february_is_kept_in_every_year(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await recorded(house, birthday="1988-02-29")
    assert await look(house, on="2027-02-21") == 1
    assert await look(house, on="2028-02-21") == 0
    assert await look(house, on="2028-02-22") == 1
    monkeypatch.setenv("CARELEDGER_PROFILE_LEAP_DAY", "mar_1")
    settings.cache_clear()
    assert await look(house, on="2029-02-21") == 0
    assert await look(house, on="2029-02-22") == 1
    assert await told(house) == [(customer, "birthday", 7)] * 3


async def test_the_company_says_what_day_it_is_and_how_soon_is_near(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARELEDGER_PROFILE_OCCASION_DAYS", '{"special_date": 1}')
    settings.cache_clear()
    house.platform.settings.zone = ZoneInfo("America/New_York")
    await recorded(house, special_dates=[{"occasion": "opening", "on": "2020-03-09"}])
    house.clock.moment = datetime(2026, 3, 8, 3, 59, tzinfo=UTC)  # 22:59 of the 7th, in the night the clocks change
    assert await look(house) == 0
    house.clock.moment = datetime(2026, 3, 9, 3, 59, tzinfo=UTC)  # 23:59 of the 8th, an hour shorter
    assert await look(house) == 1
    assert [ahead for _, _, ahead in await told(house)] == [1]


async def test_the_turn_of_the_year(house: House) -> None:
    await recorded(house, "pos:1", birthday="1990-01-03")
    await recorded(house, "pos:2", birthday="1990-12-31")
    assert await look(house, on="2026-12-28") == 2
    assert [await look(house, on=day) for day in ("2026-12-31", "2027-01-01", "2027-01-03")] == [0, 0, 0]
    assert await look(house, on="2027-12-28") == 2


async def test_views_built_again_tell_nobody_twice(house: House) -> None:
    await recorded(house, birthday="1990-03-15")
    assert await look(house) == 1
    async with house.platform.database.begin() as tx:
        await tx.conn.execute(days.delete())
    await house.fold(await house.facts())
    async with house.platform.database.read() as reader:
        assert [row.told for row in (await reader.conn.execute(select(days))).all()] == [2026]
    async with house.platform.database.begin() as tx:
        await tx.conn.execute(days.update().values(told=0))
    assert await tell_what_is_near(house.platform) == 0, "where the view is behind the store knows"


async def test_what_is_next_is_shown(house: House) -> None:
    customer = await recorded(house, birthday="1990-04-15", special_dates=[WEDDING])
    items = (await house.get(f"/v1/customers/{customer}/occasions"))["items"]
    assert items == [
        {"occasion": "special_date", "name": "wedding", "first": "2015-03-15", "on": "2026-03-15", "days_ahead": 2,
         "near": True},
        {"occasion": "birthday", "name": None, "first": "1990-04-15", "on": "2026-04-15", "days_ahead": 33,
         "near": False},
    ]  # fmt: skip
    assert (await house.http.get(f"/v1/customers/{'0' * 8}-0000-4000-8000-{'0' * 12}/occasions")).status_code == 404


async def test_of_two_processes_at_once_one_tells(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with (
        open_house(SERVICE, tmp_path, postgres_url) as one,
        open_house(SERVICE, tmp_path / "other", postgres_url) as other,
    ):
        for n in range(30):
            await recorded(one, f"pos:{n}", birthday="1990-03-15", special_dates=[WEDDING])
        await one.follow()
        looks = (tell_what_is_near(house.platform) for house in (one, other, one, other))
        assert sum(await asyncio.gather(*looks)) == 60
        assert len(await neared(one)) == 60
