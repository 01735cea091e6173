"""Lists of people who are merged: both keep their part, until somebody says otherwise."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.profile.app import SERVICE
from services.scoring.domain.fact import Fact, state_hash
from tests.services.house import House, open_house

ONE, SAME, OTHER, THIRD = "0912 345 678", "+84912345678", "028 3829 5189", "+44 20 7946 0958"


def day(n: int) -> str:
    return f"2026-03-{n:02d}T09:00:00Z"


async def known(house: House, ref: str, at: int = 1, **record: Any) -> str:
    answer = await house.http.post("/v1/customers/upsert", json={"ref": ref, "at": day(at), **record})
    assert answer.status_code in (200, 201), answer.text
    await house.follow()
    return str(answer.json()["id"])


async def merge(house: House, survivor: str, merged: str, at: int = 5, **choices: str) -> str:
    body = {"survivor": survivor, "merged": merged, "at": day(at), "choices": choices}
    made = await house.post("/v1/merges", body)
    await house.follow()
    return str(made["id"])


async def undo(house: House, merge: str) -> None:
    await house.post(f"/v1/merges/{merge}/undo", {}, 200)
    await house.follow()


async def patch(house: House, customer: str, **members: Any) -> dict[str, Any]:
    path = f"/v1/customers/{customer}"
    tag = (await house.http.get(path)).headers["etag"]
    answer = await house.http.patch(path, json=members, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    await house.follow()
    assert await house.get(path) == answer.json()
    return dict(answer.json())


async def phones(house: House, *customers: str) -> list[Any]:
    return [(await house.get(f"/v1/customers/{customer}"))["phones"] for customer in customers]


async def hashes(house: House, *customers: str) -> list[str]:
    facts = await house.facts()
    return [state_hash(Fact.of(e) for e in facts if e.subject == customer) for customer in customers]


async def test_both_keep_their_part_the_survivors_first_and_get_back_what_was_theirs(house: House) -> None:
    lists: dict[str, list[list[Any]]] = {
        "phones": [[ONE], [SAME, OTHER]],
        "emails": [["An@Example.com"], ["an@example.COM", "an@other.example"]],
        "addresses": [["12 Ngõ Huyện, Hà Nội"], ["12 ngõ huyện  Hà Nội", "3 Lê Lợi"]],
        "special_dates": [
            [{"occasion": "Wedding", "on": "2001-05-06"}],
            [{"occasion": "wedding", "on": "2001-05-06"}, {"occasion": "Wedding", "on": "2011-05-06"}],
        ],
        "preferences": [["Mơ"], ["mơ", "mỡ"]],
        "habits": [["late"], ["cash"]],
        "requirements": [["ring first"], ["Ring first!", "no bags"]],
    }
    one = await known(house, "pos:1", at=1, **{name: each[0] for name, each in lists.items()})
    other = await known(house, "crm:1", at=2, **{name: each[1] for name, each in lists.items()})
    before = [await house.get(f"/v1/customers/{customer}") for customer in (one, other)]
    told_before = await hashes(house, one, other)
    rehearsed = await house.post_read("/v1/merges", {"survivor": one, "merged": other, "dry_run": True})
    made = await merge(house, one, other)
    person = await house.get(f"/v1/customers/{other}")
    expected = {name: [*ours, *theirs[1:]] for name, (ours, theirs) in lists.items()}
    expected |= {"habits": ["late", "cash"]}
    assert {name: person[name] for name in lists} == expected
    assert (person["refs"], await hashes(house, one, other)) == (["pos:1", "crm:1"], told_before)
    told = {change["field"]: (change["becomes"], change["side"]) for change in rehearsed["changes"]}
    assert told == {name: (entries, None) for name, entries in (expected | {"refs": ["pos:1", "crm:1"]}).items()}
    for q in (SAME, OTHER, "an@other.example"):
        found = (await house.post_read("/v1/customers/search", {"q": q}))["items"]
        assert [each["id"] for each in found] == [one], q
    await undo(house, made)
    assert [await house.get(f"/v1/customers/{customer}") for customer in (one, other)] == before
    assert await hashes(house, one, other) == told_before


@pytest.mark.parametrize(("side", "shown"), [("survivor", [ONE]), ("merged", [OTHER])])
async def test_a_choice_leaves_the_other_side_out_until_it_says_something_new(
    house: House, side: str, shown: list[str]
) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[OTHER])
    body = {"survivor": one, "merged": other, "choices": {"phones": side}, "at": day(5)}
    rehearsed = (await house.post_read("/v1/merges", body | {"dry_run": True}))["changes"]
    (change,) = [each for each in rehearsed if each["field"] == "phones"]
    assert (change["becomes"], change["side"]) == (shown, side)
    made = await merge(house, one, other, phones=side)
    assert await phones(house, one) == [shown]
    await known(house, "crm:1" if side == "survivor" else "pos:1", at=6, phones=[THIRD])
    assert set((await phones(house, one))[0]) == {*shown, THIRD}
    await undo(house, made)
    left = [ONE, OTHER]
    left[side == "survivor"] = THIRD
    assert await phones(house, one, other) == [[left[0]], [left[1]]]


async def test_that_one_side_knows_nothing_hides_nothing_unless_it_is_chosen(house: House) -> None:
    one, other = await known(house, "pos:1", at=3, phones=[]), await known(house, "crm:1", phones=[OTHER])
    made = await merge(house, one, other)
    assert await phones(house, one) == [[OTHER]]
    await undo(house, made)
    await merge(house, one, other, phones="survivor")
    assert await phones(house, one) == [[]]


async def test_who_changes_what_is_shown_says_all_there_is(house: House) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[OTHER])
    made = await merge(house, one, other)
    assert await phones(house, one) == [[ONE, OTHER]]
    assert (await patch(house, other, phones=[ONE]))["phones"] == [ONE]
    assert (await patch(house, one, owner="lan"))["phones"] == [ONE]
    house.clock.advance(timedelta(days=3))
    await known(house, "pos:1", at=14, phones=[ONE, THIRD])
    assert await phones(house, one) == [[ONE, THIRD]], "what was struck out does not come back with other news"
    await known(house, "crm:1", at=1, phones=[OTHER])
    assert await phones(house, one) == [[ONE, THIRD]]
    await known(house, "crm:1", at=15, phones=[OTHER])
    assert await phones(house, one) == [[ONE, THIRD, OTHER]], "it was stated anew since"
    await undo(house, made)
    assert await phones(house, one, other) == [[ONE, THIRD], [OTHER]]


async def test_merged_anew_both_have_their_part_again(house: House) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[OTHER])
    made = await merge(house, one, other)
    await patch(house, one, phones=[THIRD])
    await undo(house, made)
    assert await phones(house, one, other) == [[THIRD], [OTHER]]
    await merge(house, one, other, at=6)
    assert await phones(house, one) == [[THIRD, OTHER]]


async def test_a_change_for_a_day_before_the_merge_is_of_the_whole_person_too(house: House) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[OTHER])
    await merge(house, one, other, at=9)
    assert (await patch(house, one, phones=[ONE], at=day(3)))["phones"] == [ONE]
    assert (await patch(house, one, phones=None))["phones"] is None


async def test_a_chain_of_three(house: House) -> None:
    ids = [await known(house, f"pos:{n}", phones=[number]) for n, number in enumerate((ONE, OTHER, THIRD))]
    first = await merge(house, ids[1], ids[0], at=5)
    second = await merge(house, ids[2], ids[1], at=6)
    assert await phones(house, ids[0]) == [[THIRD, OTHER, ONE]]
    assert (await patch(house, ids[0], phones=[OTHER]))["id"] == ids[2]
    assert await phones(house, *ids) == [[OTHER]] * 3
    await undo(house, first)
    assert await phones(house, *ids) == [[ONE], [OTHER], [OTHER]]
    await undo(house, second)
    assert await phones(house, *ids) == [[ONE], [OTHER], [OTHER]]


async def test_contacts_of_both_are_there_and_change_one_by_one(house: House) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[SAME, OTHER])
    made = await merge(house, one, other)
    path = f"/v1/customers/{one}/contacts"
    await house.post(path, {"kind": "phone", "value": THIRD, "label": "work"})
    items = (await house.get(path))["items"]
    assert [(each["value"], each["primary"]) for each in items] == [(ONE, True), (OTHER, False), (THIRD, False)]
    gone = next(each["id"] for each in items if each["value"] == OTHER)
    tag = (await house.http.get(path)).headers["etag"]
    assert (await house.http.delete(f"{path}/{gone}", headers={"If-Match": tag})).status_code == 200
    await house.follow()
    assert await phones(house, other) == [[ONE, THIRD]]
    await undo(house, made)
    assert await phones(house, other) == [[SAME, OTHER]]


async def test_history_tells_how_the_list_came_about(house: House) -> None:
    one, other = await known(house, "pos:1", at=1, phones=[ONE]), await known(house, "crm:1", at=2, phones=[OTHER])
    await merge(house, one, other, at=5)
    await patch(house, one, phones=[OTHER])
    path = f"/v1/customers/{one}"
    told = [
        change["after"] for entry in (await house.get(f"{path}/history"))["items"] for change in entry["changes"]
        if change["field"] == "phones"
    ]  # fmt: skip
    assert told == [[ONE], [ONE, OTHER], [OTHER]]
    for at, shown in ((1, [ONE]), (2, [ONE, OTHER]), (5, [ONE, OTHER])):
        assert (await house.get(path, as_of=day(at)))["phones"] == shown
    assert (await house.get(path, as_of="2026-03-13T12:00:00Z"))["phones"] == [OTHER]


async def test_a_third_record_with_either_number_is_a_duplicate(house: House) -> None:
    one, other = await known(house, "pos:1", phones=[ONE]), await known(house, "crm:1", phones=[OTHER])
    third = await known(house, "web:1", phones=[ONE])
    await merge(house, other, one)
    items = (await house.get(f"/v1/customers/{other}/duplicates"))["items"]
    assert [each["id"] for each in items] == [third]


async def test_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    async with open_house(SERVICE, tmp_path, postgres_url) as house:
        await test_who_changes_what_is_shown_says_all_there_is(house)
