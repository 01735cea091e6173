"""Value classes: the rule, runs over HTTP, and what a run looks back from."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.profile.app import SERVICE
from services.profile.domain.classes import due
from services.profile.domain.grouping import StartRun
from services.profile.jobs import classifying
from services.profile.settings import ProfileSettings
from tests.services.house import NOW, House, open_house
from tests.services.profile import naive

FAR = "2024-01-01T00:00:00Z"


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def known(house: House, ref: str) -> str:
    found: str = (await house.post("/v1/customers/upsert", {"ref": ref, "at": FAR}))["id"]
    return found


async def buy(
    house: House, customer: str, order: str, amount: str, at: str = "2026-03-01T09:00:00Z", **more: Any
) -> None:
    body = {"order": order, "amount": money(amount, more.pop("currency", "USD")), "at": at, **more}
    await house.post(f"/v1/customers/{customer}/purchases", body)


async def run(house: House, **body: Any) -> Any:
    return await house.post("/v1/classifications", body)


async def class_of(house: House, customer: str, **params: Any) -> str | None:
    found: str | None = (await house.get(f"/v1/customers/{customer}", **params))["value_class"]
    return found


async def customers(house: House, amounts: Mapping[str, str]) -> dict[str, str]:
    """Customers who spent so much each: their ids by name."""
    ids = {}
    for name, amount in amounts.items():
        ids[name] = await known(house, f"pos:{name}")
        if amount:
            await buy(house, ids[name], "o1", amount)
    return ids


async def classes_of(house: House, ids: Mapping[str, str]) -> dict[str, str | None]:
    return {name: await class_of(house, customer) for name, customer in ids.items()}


async def test_whoever_crosses_a_border_is_above_it(house: House) -> None:
    # before them: 0, 50, 79 -> A; 90 -> B; 96 -> C
    ids = await customers(house, {"a": "50", "b": "29", "c": "11", "d": "6", "e": "4", "f": ""})
    done = await run(house)
    assert await classes_of(house, ids) == {"a": "A", "b": "A", "c": "A", "d": "B", "e": "C", "f": "C"}
    assert done["counts"] == {"A": 3, "B": 1, "C": 2}
    assert done["values"] == {"A": money("90.00"), "B": money("6.00"), "C": money("4.00")}
    assert (done["total"], done["changed"], done["currency"]) == (money("100.00"), 6, "USD")
    assert (done["thresholds"], done["window"], done["unconverted"]) == ({"A": 80, "B": 95}, "P12M", {})
    assert (done["state"], done["by"], done["due"], done["behind"]) == ("completed", "clerk", None, 0)


async def test_on_the_border_itself_is_below_it(house: House) -> None:
    ids = await customers(house, {"a": "80", "b": "15", "c": "5"})
    await run(house)
    assert await classes_of(house, ids) == {"a": "A", "b": "B", "c": "C"}


async def test_of_equal_value_the_lower_id_comes_first(house: House) -> None:
    ids = await customers(house, dict.fromkeys("abcde", "20"))
    await run(house)
    ordered = sorted(ids.values())
    assert [await class_of(house, customer) for customer in ordered] == ["A", "A", "A", "A", "B"]


async def test_refunds_count_in_the_window_and_a_negative_value_is_c(house: House) -> None:
    ids = await customers(house, {"a": "100", "b": "90", "c": ""})
    await buy(house, ids["c"], "old", "500", at="2025-01-01T00:00:00Z")
    await buy(house, ids["c"], "back", "500", refund_of="old")
    await buy(house, ids["a"], "back", "99.999999", refund_of="o1")
    done = await run(house)
    assert await classes_of(house, ids) == {"a": "C", "b": "A", "c": "C"}
    assert done["total"] == money("90.000001")


async def test_the_window_is_open_at_its_start_and_closed_at_its_end(house: House) -> None:
    ids = await customers(house, {"a": "", "b": "", "c": ""})
    await buy(house, ids["a"], "o", "1", at="2025-02-28T00:00:00Z")
    await buy(house, ids["b"], "o", "1", at="2025-02-28T00:00:00.000001Z")
    await buy(house, ids["c"], "o", "1", at="2026-02-28T00:00:00Z")
    done = await run(house, as_of="2026-02-28")
    assert (done["total"], done["since"]) == (money("2.00"), "2025-02-28T00:00:00Z")
    assert await classes_of(house, ids) == {"a": "C", **{n: "A" for n in ids if n != "a"}}
    assert (await run(house, as_of="2026-02-28", window="P13M"))["total"] == money("3.00")


async def test_only_changes_are_facts_and_say_why(house: House) -> None:
    ids = await customers(house, {"a": "80", "b": "20"})
    first = await run(house)
    assert first["changed"] == 2
    assert (await run(house))["changed"] == 0
    await buy(house, ids["b"], "o2", "400")
    assert (await run(house))["changed"] == 2
    told = [e for e in await house.facts() if e.type == "customer.classified" and e.subject == ids["b"]]
    assert [(e.data["value_class"], e.data.get("previous")) for e in told] == [("B", None), ("A", "B")]
    assert told[0].data["reason"] == (
        f"place 2 by value with 20.00 USD; 80.00 % of 100.00 USD come before (A under 80 %, B under 95 %); "
        f"run {first['id']}"
    )
    history = (await house.get(f"/v1/customers/{ids['b']}/history"))["items"]
    changes = [(e["reason"], c["after"]) for e in history for c in e["changes"] if c["field"] == "value_class"]
    assert (told[0].data["reason"], "B") in changes
    assert all(event.cause for event in told), "what a run tells is no part of what happened to the customer"


async def test_the_same_key_is_the_same_run(house: House) -> None:
    await customers(house, {"a": "80", "b": "20"})
    first = await house.post("/v1/classifications", {}, key="k")
    await customers(house, {"c": "1"})
    assert await house.post("/v1/classifications", {}, key="k") == first
    assert len((await house.get("/v1/classifications"))["items"]) == 1
    # a process that died in the middle: whoever goes on tells nothing twice
    before = await house.facts()
    await classifying.carry_out(house.platform, first["id"])
    assert await house.facts() == before


async def test_a_long_run_is_answered_while_it_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await customers(house, {"a": "80", "b": "20"})
    monkeypatch.setattr(classifying, "ANSWERED_WITHIN", 0)
    first = await run(house)
    assert (first["state"], first["counts"]) == ("running", None)
    async with asyncio.timeout(10):
        while (await house.get(f"/v1/classifications/{first['id']}"))["state"] == "running":  # noqa: ASYNC110 (what is asked is a service)
            await asyncio.sleep(0.02)
    assert await class_of(house, ids["a"]) == "A"


async def test_runs_are_listed_newest_first_and_read(house: House) -> None:
    await customers(house, {"a": "80"})
    runs = []
    for _ in range(3):
        runs.append(await run(house))
        house.clock.advance(timedelta(minutes=1))
    page = await house.get("/v1/classifications", limit=2)
    rest = await house.get("/v1/classifications", cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == runs[::-1]
    assert await house.get(f"/v1/classifications/{runs[0]['id']}") == runs[0]
    unknown = await house.http.get("/v1/classifications/0d1b4c3e-1111-8222-8333-444455556666")
    assert unknown.status_code == 404
    assert (await house.get("/v1/customers"))["items"][0]["value_class"] == "A", "runs are no customers"
    assert len((await house.get("/v1/customers"))["items"]) == 1


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"window": "12 months"}, "bad_duration", "/window"),
        ({"window": "P0D"}, "bad_duration", "/window"),
        ({"as_of": "2026-03-14T00:00:00Z"}, "in_future", "/as_of"),
        ({"as_of": "yesterday"}, "bad_moment", "/as_of"),
        ({"shares": {}}, "unknown_member", ""),
    ],
)
async def test_bad_bodies(house: House, body: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused("/v1/classifications", body, 422, code, pointer)


async def test_a_run_that_looks_from_a_past_day_changes_nothing_since(house: House) -> None:
    ids = await customers(house, {"a": "", "b": ""})
    await buy(house, ids["a"], "o", "100", at="2025-06-01T00:00:00Z")
    await buy(house, ids["b"], "o", "1000", at="2026-03-01T00:00:00Z")
    await run(house)
    assert await classes_of(house, ids) == {"a": "B", "b": "A"}
    past = await run(house, as_of="2025-12-31")
    assert past["counts"] == {"A": 1, "B": 0, "C": 1}
    assert await classes_of(house, ids) == {"a": "B", "b": "A"}
    assert await class_of(house, ids["a"], as_of="2025-12-31") == "A"
    assert await class_of(house, ids["b"], as_of="2025-12-31") == "C"
    assert await class_of(house, ids["b"], as_of="2026-03-13T12:00:00Z") == "A"
    await house.follow()
    (listed,) = (await house.get("/v1/customers", value_class="B"))["items"]
    assert listed["id"] == ids["a"]


async def test_what_a_later_run_left_unsaid_still_holds(house: House) -> None:
    ids = await customers(house, {"a": "", "b": ""})
    await buy(house, ids["a"], "o", "100", at="2026-01-01T00:00:00Z")
    await run(house, as_of="2026-01-02")
    assert (await run(house, as_of="2026-03-02"))["changed"] == 0
    # late news from between the two, taken back again before the later one looked
    await buy(house, ids["b"], "late", "900", at="2026-02-01T00:00:00Z")
    await buy(house, ids["b"], "back", "900", at="2026-03-01T00:00:00Z", refund_of="late")
    await run(house, as_of="2026-02-15")
    assert await class_of(house, ids["b"], as_of="2026-02-16") == "A"
    assert await class_of(house, ids["a"], as_of="2026-02-16") == "B"
    assert await classes_of(house, ids) == {"a": "A", "b": "C"}
    await house.follow()
    assert (await house.get("/v1/customers", value_class="A"))["items"][0]["id"] == ids["a"]


async def test_a_later_run_says_nothing_of_whom_it_never_knew(house: House) -> None:
    await customers(house, {"other": "1"})
    await run(house, as_of="2026-03-10")
    house.clock.advance(timedelta(minutes=1))
    ids = await customers(house, {"a": "100", "b": "1"})
    await run(house, as_of="2026-03-02")
    await buy(house, ids["b"], "late", "9000")
    house.clock.advance(timedelta(minutes=1))
    await run(house, as_of="2026-03-02")
    assert await classes_of(house, ids) == {"a": "C", "b": "A"}


async def test_a_run_from_the_same_moment_again_counts(house: House) -> None:
    ids = await customers(house, {"a": "100", "b": "1"})
    await run(house, as_of="2026-03-02")
    await buy(house, ids["b"], "late", "9000")
    house.clock.advance(timedelta(seconds=1))
    await run(house, as_of="2026-03-02")
    for params in ({}, {"as_of": "2026-03-02"}):
        assert await class_of(house, ids["b"], **params) == "A"
        assert await class_of(house, ids["a"], **params) == "C"


async def test_a_person_is_classed_as_one_until_parted(house: House) -> None:
    ids = await customers(house, {"a": "60", "b": "40", "c": "30"})
    await buy(house, ids["c"], "same", "10")
    await buy(house, ids["b"], "same", "10")  # the same order, told by two desks of one person
    merge = await house.post("/v1/merges", {"survivor": ids["c"], "merged": ids["b"]})
    done = await run(house)
    assert done["counts"] == {"A": 2, "B": 0, "C": 0}
    assert done["total"] == money("140.00")
    assert await class_of(house, ids["b"]) == await class_of(house, ids["c"]) == "A"
    await house.post(f"/v1/merges/{merge['id']}/undo", {}, 200)
    done = await run(house)
    assert done["total"] == money("150.00")
    assert await classes_of(house, ids) == {"a": "A", "b": "A", "c": "A"}
    assert len((await house.get("/v1/customers", value_class="A"))["items"]) == 3


async def test_who_is_forgotten_has_no_part_in_it(house: House) -> None:
    ids = await customers(house, {"a": "100", "b": "50"})
    await house.follow()
    await house.post(f"/v1/customers/{ids['a']}/erasure", {"reason": "request"}, 202)
    assert (await run(house))["counts"] == {"A": 1, "B": 0, "C": 0}


async def test_what_was_paid_in_another_currency_is_told_of(house: House) -> None:
    ids = await customers(house, {"a": "100", "b": ""})
    await buy(house, ids["a"], "o2", "1")
    await buy(house, ids["b"], "o", "9", currency="EUR")
    done = await run(house)
    assert (done["currency"], done["unconverted"], done["total"]) == ("USD", {"EUR": 1}, money("101.00"))
    assert await class_of(house, ids["b"]) == "C"


async def test_nobody_and_nothing(house: House) -> None:
    empty = await run(house)
    assert (empty["counts"], empty["total"], empty["currency"]) == ({"A": 0, "B": 0, "C": 0}, None, None)
    await customers(house, {"a": "", "b": ""})
    assert (await run(house))["counts"] == {"A": 0, "B": 0, "C": 2}


async def test_a_run_falls_due_once(house: House) -> None:
    ids = await customers(house, {"a": "100"})
    await house.follow()
    assert await classifying.when_due(house.platform) == 0
    assert (await house.get("/v1/classifications"))["items"] == [], "nobody was there to miss it"
    house.clock.advance(timedelta(days=2))
    for _ in range(3):
        await classifying.when_due(house.platform)
        await house.follow()
        house.clock.advance(timedelta(minutes=1))
    (done,) = (await house.get("/v1/classifications"))["items"]
    assert (done["due"], done["as_of"], done["by"]) == ("2026-03-15", "2026-03-15T00:00:00Z", None)
    assert await class_of(house, ids["a"]) == "A"


async def test_a_run_that_was_left_undone_is_gone_on_with(house: House) -> None:
    ids = await customers(house, {"a": "100"})
    done = await run(house)
    left = classifying.asked(ProfileSettings(), NOW, NOW)
    await classifying._tell(house.platform, f"classification:{'0' * 36}", StartRun(at=NOW, data=left), "left")
    await house.follow()
    house.clock.advance(timedelta(minutes=11))
    await classifying.when_due(house.platform)
    await house.follow()
    states = {r["id"]: r["state"] for r in (await house.get("/v1/classifications"))["items"]}
    assert states == {done["id"]: "completed", "0" * 36: "completed"}
    assert await class_of(house, ids["a"]) == "A"


@pytest.mark.parametrize(
    ("schedule", "on"), [("daily", 13), ("weekly", 9), ("monthly", 1), ("off", None)]
)  # fmt: skip
def test_due_dates(schedule: Any, on: int | None) -> None:
    found = due(schedule, NOW)
    assert found == (datetime(2026, 3, on, tzinfo=UTC) if on else None)


def test_a_day_begins_where_the_company_is() -> None:
    evening = datetime(2026, 3, 31, 18, tzinfo=UTC)
    assert due("monthly", evening, ZoneInfo("Asia/Ho_Chi_Minh")) == datetime(2026, 3, 31, 17, tzinfo=UTC)
    # clocks go forward on that day
    assert due("daily", datetime(2026, 3, 29, 12, tzinfo=UTC), ZoneInfo("Europe/Paris")) == datetime(
        2026, 3, 28, 23, tzinfo=UTC
    )


AMOUNTS = st.decimals(min_value=Decimal(0), max_value=Decimal("99999999999999.999999"), places=6) | st.sampled_from(
    [Decimal("0.000001"), Decimal(80), Decimal(15), Decimal(5), Decimal(0)]
)


@given(st.lists(st.tuples(st.integers(0, 5), AMOUNTS, st.booleans()), max_size=12), st.randoms())
@settings(max_examples=12)
async def test_any_purchases_in_any_order_come_to_what_the_rule_says(
    bought: list[tuple[int, Decimal, bool]], dice: Any
) -> None:
    values = {f"pos:{n}": Decimal(0) for n in range(6)}
    events: list[tuple[str, dict[str, Any], str, str]] = []
    left: dict[str, Decimal] = {}
    for n, (who, paid, refund) in enumerate(bought):
        first = next((f"o{m}" for m in range(n) if bought[m][0] == who and not bought[m][2]), None)
        if refund and not first:
            continue
        amount = min(paid, left[first]) if refund and first else paid  # more than that cannot be taken back
        left[first if refund and first else f"o{n}"] = left[first] - amount if refund and first else paid
        body = {"order": f"o{n}", "amount": money(format(amount, "f"))}
        values[f"pos:{who}"] += -amount if refund else amount
        events.append(("customer.purchased", body | ({"refund_of": first} if refund else {}), f"pos:{who}", FAR))
    events += [("customer.recorded", {"ref": ref}, "", FAR) for ref in values]
    dice.shuffle(events)
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(SERVICE, Path(folder)) as house:
            await house.publish_all(events)
            done = await run(house, as_of="2024-06-01")
            ids = {ref: house.platform.identities.of_reference(ref) for ref in values}
            expected = naive.classes({ids[ref]: value for ref, value in values.items()})
            assert {c: await class_of(house, c) for c in ids.values()} == expected
            spent = sum((v for v in values.values() if v > 0), Decimal(0))
            assert sum(done["counts"].values()) == len(values)
            if done["total"]:
                assert Decimal(done["total"]["amount"]) == spent
                assert sum(Decimal(v["amount"]) for v in done["values"].values()) == spent


async def test_several_at_once_tell_every_change_once(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await customers(house, {"a": "50", "b": "29", "c": "11", "d": "6"})
        await house.follow()
        house.clock.advance(timedelta(days=1))
        await asyncio.gather(*(classifying.when_due(house.platform) for _ in range(4)))
        told = [e for e in await house.facts() if e.type.startswith(("classification.", "customer.classified"))]
        assert sorted(e.type for e in told) == [
            "classification.completed", "classification.started", *["customer.classified"] * 4
        ]  # fmt: skip


async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_a_person_is_classed_as_one_until_parted(house)
