"""Consent: purpose by purpose, with dates; what was said last counts, and everything that was said is kept."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.events.catalogue.customers import CustomerConsented
from libs.events.testing import hour
from services.profile.domain.consents import Consent, heard, together
from services.profile.domain.records import Said
from tests.services.house import House
from tests.services.profile.test_http import UNKNOWN, day, upsert

Statement = tuple[CustomerConsented, Said]
STATEMENTS = st.lists(
    st.builds(
        lambda purpose, granted, n, key: (CustomerConsented(purpose=purpose, granted=granted), Said(hour(n), key)),
        st.sampled_from(["survey", "phone"]), st.booleans(), st.integers(0, 4), st.uuids().map(str),
    ),
    max_size=8,
)  # fmt: skip


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_last_statement_counts_however_and_under_whichever_id_it_is_heard(
    statements: list[Statement], chance: random.Random
) -> None:
    last = {data.purpose: (said, data.granted) for data, said in sorted(statements, key=lambda told: told[1])}
    ids: list[dict[str, Consent]] = [{}, {}]
    for data, said in chance.sample(statements, len(statements)):
        n = chance.randrange(2)
        ids[n] = heard(ids[n], data, said)
    assert {purpose: (c.said, c.granted) for purpose, c in together(ids).items()} == last


async def put(house: House, customer: str, purpose: str, status: int = 201, **body: Any) -> Any:
    answer = await house.http.put(f"/v1/customers/{customer}/consents/{purpose}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def standing(house: House, customer: str, **params: Any) -> dict[str, str]:
    items = (await house.get(f"/v1/customers/{customer}/consents", **params))["items"]
    return {item["purpose"]: item["standing"] for item in items}


async def test_consent_is_stated_and_read(house: House) -> None:
    customer = await upsert(house, at=day(1))
    assert await standing(house, customer) == {}
    end = "2026-06-01T00:00:00Z"
    said: dict[str, Any] = {"source": "web form", "evidence": "ticked the box", "at": day(2), "until": end}
    told = await put(house, customer, "marketing_email", granted=True, **said)
    assert told == {"purpose": "marketing_email", "standing": "granted", "granted": True, **said}
    await put(house, customer, "survey", granted=False)
    assert await standing(house, customer) == {"marketing_email": "granted", "survey": "refused"}
    house.clock.advance(timedelta(days=100))
    assert await standing(house, customer) == {"marketing_email": "expired", "survey": "refused"}
    assert await standing(house, customer, as_of=day(3)) == {"marketing_email": "granted"}
    assert [e.data.get("evidence") for e in await house.facts()][1] != "ticked the box"  # sealed


async def test_what_was_said_later_counts_and_all_of_it_is_kept(house: House) -> None:
    customer = await upsert(house, at=day(1))
    await put(house, customer, "phone", granted=False, at=day(5))
    late = await put(house, customer, "phone", granted=True, at=day(3))
    assert (late["standing"], late["at"]) == ("refused", day(5))
    told = await house.get(f"/v1/customers/{customer}/consents/phone")
    assert [(s["at"], s["granted"], s["by"]) for s in told["statements"]] == [
        (day(3), True, "clerk"), (day(5), False, "clerk"),
    ]  # fmt: skip
    before = await house.get(f"/v1/customers/{customer}/consents/phone", as_of=day(4))
    assert (before["standing"], len(before["statements"])) == ("granted", 1)
    history = (await house.get(f"/v1/customers/{customer}/history"))["items"]
    assert [i["changes"] for i in history[1:]] == [
        [{"field": "consents", "before": None, "after": {"phone": True}}],
        [{"field": "consents", "before": {"phone": True}, "after": {"phone": False}}],
    ]
    never = await house.http.get(f"/v1/customers/{customer}/consents/visit")
    assert (never.status_code, never.json()["code"]) == (404, "never_asked")


async def test_the_same_again_is_known_and_a_second_thought_counts(house: House) -> None:
    customer = await upsert(house)
    await put(house, customer, "visit", granted=True)
    await put(house, customer, "visit", 200, granted=True)
    for granted in (False, True, False):
        assert (await put(house, customer, "visit", granted=granted))["granted"] is granted
    assert sum(e.type == "customer.consented" for e in await house.facts()) == 4


async def test_consents_of_merged_records_are_the_persons(house: House) -> None:
    one, other = [await upsert(house, ref, at=day(1)) for ref in ("pos:1", "crm:1")]
    await put(house, one, "survey", granted=True, at=day(2))
    await put(house, other, "survey", granted=False, at=day(3))
    await put(house, other, "phone", granted=True, at=day(3))
    made = await house.post("/v1/merges", {"survivor": one, "merged": other})
    await house.follow()
    assert await standing(house, one) == await standing(house, other) == {"survey": "refused", "phone": "granted"}
    await house.post(f"/v1/merges/{made['id']}/undo", {}, 200)
    await house.follow()
    assert await standing(house, one) == {"survey": "granted"}


async def test_consent_comes_by_event_too(house: House) -> None:
    told = {"purpose": "survey", "granted": False}
    assert (await house.publish("customer.consented", told, subject="pos:9", at=day(2))).refusal is None
    customer = house.platform.identities.of_reference("pos:9")
    assert await standing(house, customer) == {"survey": "refused"}
    assert (await house.get(f"/v1/customers/{customer}"))["bare"] is True


async def test_unsound_consents(house: House) -> None:
    customer = await upsert(house)
    path = f"/v1/customers/{customer}/consents"
    ended = await house.http.put(f"{path}/survey", json={"granted": True, "at": day(3), "until": day(2)})
    assert ended.json()["invalid_params"][0] == {
        "pointer": "/until", "code": "bad_until", "message": "what is said ends after it was said",
    }  # fmt: skip
    assert (await house.http.put(f"{path}/survey", json={})).status_code == 422
    assert (await house.http.put(f"{path}/Not%20a%20code", json={"granted": True})).status_code == 422
    unknown = await house.http.put(f"/v1/customers/{UNKNOWN}/consents/survey", json={"granted": True})
    assert unknown.status_code == 404
