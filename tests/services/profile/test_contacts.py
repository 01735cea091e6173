"""Contacts: every way to reach a customer, one by one; and the record's lists, which always agree with them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.decider import Absent, Refused
from services.profile.domain.contacts import LISTS, Contact, added, changed, contacts_of, find, removed
from services.profile.domain.records import Said, stated
from tests.services.house import NOW, House
from tests.services.profile.test_http import UNKNOWN, day, upsert

PHONES = ["+84 90 123 45 67", "028 3829 5189"]
ANY = {"If-Match": "*"}


async def contacts(house: House, customer: str, **params: Any) -> list[Any]:
    items: list[Any] = (await house.get(f"/v1/customers/{customer}/contacts", **params))["items"]
    return items


async def add(house: House, customer: str, status: int = 201, key: str = "", **body: Any) -> Any:
    return await house.post(f"/v1/customers/{customer}/contacts", body, status, key)


async def patch(house: House, customer: str, contact: str, **body: Any) -> httpx.Response:
    return await house.http.patch(f"/v1/customers/{customer}/contacts/{contact}", json=body, headers=ANY)


async def lists(house: House, customer: str) -> tuple[Any, Any, Any]:
    record = await house.get(f"/v1/customers/{customer}")
    return record["phones"], record["emails"], record["addresses"]


async def test_what_the_record_lists_are_contacts(house: House) -> None:
    customer = await upsert(house, phones=PHONES, emails=["an@example.com", "nonsense"], addresses=["1 Lê Lợi"])
    found = await contacts(house, customer)
    assert [(c["kind"], c["value"], c["primary"], c["flags"]) for c in found] == [
        ("phone", PHONES[0], True, []), ("phone", PHONES[1], False, []), ("email", "an@example.com", True, []),
        ("email", "nonsense", False, ["bad_email"]), ("address", "1 Lê Lợi", True, []),
    ]  # fmt: skip
    assert await contacts(house, customer) == found
    assert await house.get(f"/v1/customers/{customer}/contacts/{found[1]['id']}") == found[1]
    assert len({c["id"] for c in found}) == 5


async def test_a_contact_is_added_with_all_that_is_known_of_it(house: House) -> None:
    customer = await upsert(house, phones=PHONES[:1])
    told = await add(house, customer, kind="phone", value=PHONES[1], label="work", verified=True)
    assert (told["label"], told["verified"], told["primary"]) == ("work", True, False)
    assert (await lists(house, customer))[0] == PHONES
    first = await add(house, customer, kind="phone", value="12", primary=True)
    assert (first["primary"], first["flags"]) == (True, ["bad_phone"])
    assert (await lists(house, customer))[0] == ["12", *PHONES]
    again = await add(house, customer, 200, kind="phone", value=PHONES[1], label="work", verified=True)
    assert again == told
    other = await add(house, customer, 409, kind="phone", value=PHONES[1], label="home")
    assert (other["code"], other["id"]) == ("contact_exists", told["id"])


async def test_a_contact_keeps_its_id_when_its_value_changes(house: House) -> None:
    customer = await upsert(house, phones=PHONES)
    _, second = await contacts(house, customer)
    changed = await patch(house, customer, second["id"], label="work", verified=True)
    assert changed.status_code == 200, changed.text
    changed = await patch(house, customer, second["id"], value="+84 28 3829 5189", primary=True)
    assert changed.json() | {"label": "work", "verified": False, "primary": True} == changed.json()
    assert changed.json()["id"] == second["id"]
    assert (await lists(house, customer))[0] == ["+84 28 3829 5189", PHONES[0]]
    moved = await patch(house, customer, second["id"], primary=False)
    assert moved.json()["primary"] is False
    assert (await lists(house, customer))[0] == [PHONES[0], "+84 28 3829 5189"]
    same = await patch(house, customer, second["id"], value=PHONES[0])
    assert (same.status_code, same.json()["code"]) == (409, "contact_exists")
    # a system that knows the old number only states it again
    await upsert(house, "pos:1", 200, phones=[PHONES[1]])
    (back,) = await contacts(house, customer)
    assert (back["value"], back["label"]) == (PHONES[1], None)
    assert back["id"] != second["id"]


async def test_a_list_that_is_stated_says_which_contacts_there_are(house: House) -> None:
    customer = await upsert(house, phones=PHONES[:1])
    work = await add(house, customer, kind="phone", value=PHONES[1], label="work")
    await upsert(house, "pos:1", 200, phones=["113", PHONES[1]])
    assert [(c["value"], c["label"]) for c in await contacts(house, customer)] == [("113", None), (PHONES[1], "work")]
    await house.http.patch(f"/v1/customers/{customer}", json={"phones": None}, headers=ANY)
    assert await contacts(house, customer) == []
    assert (await house.http.get(f"/v1/customers/{customer}/contacts/{work['id']}")).status_code == 404


async def test_a_contact_is_removed_from_now_on(house: House) -> None:
    customer = await upsert(house, at=day(1), emails=["a@example.com", "b@example.com"])
    first, second = await contacts(house, customer)
    path = f"/v1/customers/{customer}/contacts/{first['id']}"
    gone = await house.http.delete(path)
    assert (gone.status_code, gone.json()) == (200, {"id": first["id"], "status": "removed"})
    assert gone.headers["event-position"]
    assert [c["id"] for c in await contacts(house, customer)] == [second["id"]]
    assert (await lists(house, customer))[1] == ["b@example.com"]
    assert (await house.http.delete(path)).status_code == 404
    assert [c["value"] for c in await contacts(house, customer, as_of=day(2))] == ["a@example.com", "b@example.com"]


async def test_people_at_a_company(house: House) -> None:
    company = await upsert(house, name="Minh Long")
    lan = await add(house, company, kind="person", value="Lan", role="buyer", phone="12", email="lan@example.com")
    assert (lan["role"], lan["flags"], lan["primary"]) == ("buyer", ["bad_phone"], False)
    mai = await add(house, company, kind="person", value="Mai", primary=True)
    assert (await patch(house, company, lan["id"], primary=True)).json()["primary"] is True
    assert [(c["value"], c["primary"]) for c in await contacts(house, company)] == [("Lan", True), ("Mai", False)]
    assert (await house.http.delete(f"/v1/customers/{company}/contacts/{mai['id']}")).status_code == 200
    assert await lists(house, company) == (None, None, None)


async def test_changing_needs_the_version_that_was_read(house: House) -> None:
    customer = await upsert(house, phones=PHONES)
    path = f"/v1/customers/{customer}/contacts"
    listed = await house.http.get(path)
    one = f"{path}/{listed.json()['items'][0]['id']}"
    assert (await house.http.patch(one, json={"label": "x"})).status_code == 428
    tag = (await house.http.get(one)).headers["etag"]
    assert tag == listed.headers["etag"] == (await house.http.get(f"/v1/customers/{customer}")).headers["etag"]
    done = await house.http.patch(one, json={"label": "x"}, headers={"If-Match": tag})
    assert done.headers["etag"] == (await house.http.get(one)).headers["etag"] != tag
    assert (await house.http.patch(one, json={"label": "y"}, headers={"If-Match": tag})).status_code == 412


async def test_a_repeated_key_gets_the_first_answer_whatever_happened_since(house: House) -> None:
    customer = await upsert(house)
    body: dict[str, Any] = {"kind": "phone", "value": PHONES[0], "label": "home"}
    first = await add(house, customer, key="k", **body)
    assert (await patch(house, customer, first["id"], label="work")).status_code == 200
    assert await add(house, customer, key="k", **body) == first
    assert (await contacts(house, customer))[0]["label"] == "work"


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"kind": "fax", "value": "1"}, "not_allowed", "/kind"),
        ({"kind": "phone"}, "required", "/value"),
        ({"kind": "phone", "value": "1" * 41}, "value_too_long", "/value"),
        ({"kind": "email", "value": "a@b.c", "role": "buyer"}, "persons_only", "/role"),
    ],
)
async def test_unsound_contacts(house: House, body: dict[str, Any], code: str, pointer: str) -> None:
    customer = await upsert(house)
    await house.refused(f"/v1/customers/{customer}/contacts", body, 422, code, pointer)
    await house.refused(f"/v1/customers/{UNKNOWN}/contacts", {"kind": "phone", "value": "1"}, 404, "unknown_customer")


async def test_contacts_of_merged_records_are_the_persons(house: House) -> None:
    one = await upsert(house, "pos:1", phones=PHONES[:1], at=day(1))
    other = await upsert(house, "crm:1", phones=PHONES, at=day(2))
    labelled = (await contacts(house, one))[0]["id"]
    await patch(house, one, labelled, label="home")
    made = await house.post("/v1/merges", {"survivor": one, "merged": other, "choices": {"phones": "merged"}})
    await house.follow()
    house.clock.advance(timedelta(hours=1))
    assert [(c["value"], c["label"]) for c in await contacts(house, other)] == [(PHONES[0], "home"), (PHONES[1], None)]
    await add(house, other, kind="phone", value="113", primary=True)
    assert (await lists(house, one))[0] == ["113", *PHONES]
    await house.post(f"/v1/merges/{made['id']}/undo", {}, 200)
    await house.follow()
    assert (await lists(house, other))[0] == PHONES
    fields = {c["field"] for i in (await house.get(f"/v1/customers/{one}/history"))["items"] for c in i["changes"]}
    assert {"phones", "contacts"} <= fields


async def test_a_record_that_changes_meanwhile_loses_nothing(house: House) -> None:
    customer = await upsert(house)
    await asyncio.gather(*(add(house, customer, kind="phone", value=f"+84 90 123 45 0{n}") for n in range(4)))
    assert len((await lists(house, customer))[0]) == 4


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "change", "remove", "list"]), st.sampled_from(["phone", "email", "person"]),
        st.sampled_from("abc"), st.booleans(), st.integers(0, 5),
    ),
    max_size=12,
)  # fmt: skip


@given(OPERATIONS)
def test_the_lists_always_agree_with_the_contacts(operations: list[tuple[str, Any, str, bool, int]]) -> None:
    record: dict[str, Any] = {}
    touched: dict[str, Said] = {}

    def known() -> list[Contact]:
        return contacts_of(record, lambda kind, value: f"of {kind} {value}")

    for n, (what, kind, value, primary, which) in enumerate(operations):
        there = known()
        try:
            match what:
                case "add":
                    told = added(Contact(id=f"made {n}", kind=kind, value=value, primary=primary), there)
                case "change" if there:
                    old = there[which % len(there)]
                    told = changed(old.model_copy(update={"value": value, "primary": primary}), there)
                case "remove" if there:
                    told = removed(there[which % len(there)], there)
                case _:
                    told = {LISTS[kind]: [value] if primary else ["c", value]} if kind in LISTS else {}
        except Refused:
            continue
        record, touched = stated(record, touched, told, Said(NOW + timedelta(seconds=n), ""))
        after = known()
        assert len({c.id for c in after}) == len(after)
        for each, member in LISTS.items():
            of_kind = [c for c in after if c.kind == each]
            assert [c.value for c in of_kind] == list(dict.fromkeys(record.get(member) or ()))
            assert [c.primary for c in of_kind] == [True, *[False] * (len(of_kind) - 1)][: len(of_kind)]
        assert sum(c.primary for c in after if c.kind == "person") <= 1
        if what == "change" and there:
            assert find(there[which % len(there)].id, after).value == value
        if what == "remove" and there:
            with pytest.raises(Absent):
                find(there[which % len(there)].id, after)
