"""Several currencies: purchases are worth what the company's rates of their day say, and nothing is guessed."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.profile import settings as profile_settings
from services.profile.app import SERVICE
from services.profile.projections.rates import Course
from tests.services.house import House, open_house
from tests.services.profile.test_classes import buy, class_of, customers, known, money, run

RATES = "/v1/classifications/rates"
EUR = {"currency": "EUR", "into": "USD", "day": "2026-02-01", "rate": "1.08", "source": "treasury"}


async def test_what_no_rate_is_known_for_is_told_and_then_counted(house: House) -> None:
    ids = await customers(house, {"a": "100", "b": ""})
    await buy(house, ids["a"], "o2", "1")
    await buy(house, ids["b"], "o", "1000", currency="EUR")
    first = await run(house)
    assert (first["unconverted"], first["total"], first["rate_sources"]) == ({"EUR": 1}, money("101.00"), [])
    await house.post(RATES, EUR)
    await house.post(RATES, EUR, 200)
    house.clock.advance(timedelta(minutes=1))
    done = await run(house)
    assert (done["currency"], done["unconverted"], done["total"]) == ("USD", {}, money("1181.00"))
    assert done["rate_sources"] == ["treasury"]
    assert (await class_of(house, ids["a"]), await class_of(house, ids["b"])) == ("B", "A")


async def test_the_rate_of_the_day_or_the_latest_before_counts(house: House) -> None:
    lan = await known(house, "pos:1")
    for n, amount in enumerate(("1", "1", "1", "0", "0")):  # most purchases are in dollars
        await buy(house, lan, f"usd{n}", amount)
    for order, day in (("early", "01-31T23:59:59Z"), ("first", "02-01T00:00:00Z"), ("late", "02-20T09:00:00Z")):
        await buy(house, lan, order, "100", at=f"2026-{day}", currency="EUR")
    for day, rate in (("2026-02-01", "1.1"), ("2026-02-15", "1.2"), ("2026-03-01", "9")):
        await house.post(RATES, EUR | {"day": day, "rate": rate})
    done = await run(house)
    assert (done["unconverted"], done["total"]) == ({"EUR": 1}, money("233.00"))
    # what is bought afterwards, and what another rate says of a day
    await buy(house, lan, "after", "1", at="2026-02-16T09:00:00Z", currency="EUR")
    await house.post(RATES, EUR | {"day": "2026-02-15", "rate": "2"})
    done = await run(house)
    assert done["total"] == money("315.00")
    listed = (await house.get(RATES, currency="EUR", into="USD"))["items"]
    assert [(r["day"], r["rate"], r["by"]) for r in listed] == [
        ("2026-02-01", "1.1", "clerk"), ("2026-02-15", "2", "clerk"), ("2026-03-01", "9", "clerk")
    ]  # fmt: skip


async def test_the_currency_can_be_set(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lan = await known(house, "pos:1")
    await buy(house, lan, "o", "2.50")
    await house.post(f"{RATES}/bulk", {"items": [
        {"currency": "USD", "into": "VND", "day": "2026-01-01", "rate": "26000", "source": "central bank"},
        EUR | {"into": "EUR"},
    ]}, 200)  # fmt: skip
    profile_settings.settings.cache_clear()
    monkeypatch.setenv("CARELEDGER_PROFILE_CURRENCY", "VND")
    try:
        done = await run(house)
    finally:
        profile_settings.settings.cache_clear()
    assert (done["currency"], done["total"], done["unconverted"]) == ("VND", money("65000.00", "VND"), {})


async def test_bad_rates(house: House) -> None:
    for bad, code, pointer in (
        ({"rate": "0"}, "out_of_range", "/rate"),
        ({"rate": "1,08"}, "bad_format", "/rate"),
        ({"rate": 1.08}, "wrong_type", "/rate"),
        ({"currency": "USD"}, "same_currency", ""),
        ({"source": ""}, "too_short", "/source"),
    ):
        await house.refused(RATES, EUR | bad, 422, code, pointer)


async def test_worth_beyond_reason_is_not_counted(house: House) -> None:
    lan = await known(house, "pos:1")
    await buy(house, lan, "o1", "1")
    await buy(house, lan, "o2", "1")
    await buy(house, lan, "huge", "99999999999999", currency="EUR")
    await house.post(RATES, EUR | {"rate": "999999999"})
    assert (await run(house))["unconverted"] == {"EUR": 1}


DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 20))
AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)


@given(
    st.lists(st.tuples(DAYS, st.sampled_from(["EUR", "VND"]), st.decimals("0.0001", "30000", places=4)), max_size=6),
    st.lists(st.tuples(DAYS, st.sampled_from(["EUR", "VND", "USD"]), AMOUNTS), min_size=1, max_size=8),
    st.randoms(),
)
@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
async def test_rates_and_purchases_in_any_order_come_to_the_same(
    stated: list[tuple[date, str, Decimal]], bought: list[tuple[date, str, Decimal]], dice: Any
) -> None:
    rates = {(day, currency): rate for day, currency, rate in stated}
    total, left = Decimal(0), 0
    for day, currency, amount in bought:
        known_rates = sorted((d, r) for (d, c), r in rates.items() if c == currency and d <= day)
        rate = Decimal(1) if currency == "USD" else known_rates[-1][1] if known_rates else None
        left += rate is None
        total += (amount * (rate or 0)).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    tasks: list[Any] = [("rate", day, currency, rate) for (day, currency), rate in rates.items()]
    tasks += [("buy", n, *each) for n, each in enumerate(bought)]
    dice.shuffle(tasks)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("CARELEDGER_PROFILE_CURRENCY", "USD")
        profile_settings.settings.cache_clear()
        async with open_house(SERVICE, Path(folder)) as house:
            lan = await known(house, "pos:1")
            for task in tasks:
                match task:
                    case ("rate", day, currency, rate):
                        body = {"day": day.isoformat(), "currency": currency, "rate": format(rate, "f")}
                        await house.post(RATES, EUR | body)
                    case (_, n, day, currency, amount):
                        at = f"{day.isoformat()}T10:00:00Z"
                        await buy(house, lan, f"o{n}", format(amount, "f"), at=at, currency=currency)
                if dice.random() < 0.5:
                    await house.follow()
            done = await run(house)
        profile_settings.settings.cache_clear()
    assert Decimal(done["total"]["amount"]) == total
    assert sum(done["unconverted"].values()) == left


def test_only_the_very_pair_is_reckoned_with() -> None:
    course = Course([("EUR", "USD", "2026-01-01", "1.1"), ("USD", "VND", "2026-01-01", "26000")])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert dict(course.worth("EUR", at, Decimal(1))) == {"USD": Decimal("1.1")}
    assert dict(course.worth("VND", at, Decimal(1))) == {}


async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_the_rate_of_the_day_or_the_latest_before_counts(house)
