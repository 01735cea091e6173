"""Finding customers by whatever is known of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from libs.events.consuming.rebuild import rebuild
from libs.events.consuming.tables import metadata as consuming
from services.profile.projections.search import postings, searched
from tests.services.house import House
from tests.services.profile.test_merges import TEN, known, merge, undo


async def search(house: House, q: str | None = None, **asked: Any) -> list[str]:
    """The ids of all that is found, page by page."""
    await house.follow()
    body = asked | ({"q": q} if q is not None else {})
    found: list[str] = []
    while True:
        page = await house.post_read("/v1/customers/search", body)
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            assert len(set(found)) == len(found)
            return found
        body["cursor"] = page["next_cursor"]


async def kept(house: House) -> tuple[int, int]:
    """How many rows there are of whom can be found, and of what they can be found by."""
    async with house.platform.database.read() as reader:
        people, tokens = [
            (await reader.conn.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (searched, postings)
        ]
    return people, tokens


DO = {
    "name": "Nguyễn Thị Đỗ", "phones": ["+84 912 345 678"], "emails": ["Do.Nguyen@Example.com"], "refs": ["crm:7 b"],
}  # fmt: skip


@pytest.mark.parametrize(
    "q",
    [
        "nguyen thi do", "NGUYỄN", "do thi", "n t d", "ngu", "  đỗ\u3000thị ", "Nguye\u0302\u0303n",  # words
        "+84912345678", "0912345678", "0912 345 678", "(0912) 345-678", "84 912 345 678", "0084912345678", "912345678",
        "+84 (0)912 345 678", "０９１２３４５６７８",  # a phone
        "0912345", "+84 91234", "0912 34",  # its beginning
        "do.nguyen@example.com", "DO.NGUYEN@EXAMPLE.COM", "<Do.Nguyen@example.com>,",  # an e-mail
        "pos:1", "crm:7 b",  # references
        "nguyen 0912 345 678 do", "pos:1 thi do.nguyen@example.com", "crm:7 b nguy", "0912345678 - do",  # all sorts
    ],
)  # fmt: skip
async def test_a_customer_is_found_by_anything_known(house: House, q: str) -> None:
    do = await known(house, "pos:1", **DO)
    await known(house, "pos:2", name="Trần Văn Ngọc", phones=["+84 912 999 999"], emails=["ngoc@example.com"])
    assert await search(house, q) == [do]


@pytest.mark.parametrize(
    "q",
    [
        "guyen", "nguyen van", "nguyenthi", "nguyen x", "0912345679", "345 678", "do.nguyen@example",
        "o.nguyen@example.com", "pos:10", "pos:", "crm:7", "crm:7 b c", "0912 345 678 tran", "!?", "+", "nguyen@",
    ],
)  # fmt: skip
async def test_and_by_nothing_else(house: House, q: str) -> None:
    await known(house, "pos:1", **DO)
    found = await search(house, q)
    assert found == [] if q != "nguyen@" else len(found) == 1


@pytest.mark.parametrize(
    ("name", "found_by", "not_by"),
    [
        ("O'Brien", ["obrien", "o'brien", "O’BRI", "o`brien"], ["brien", "o brien"]),
        ("Jean-Luc d’Arc", ["luc jean", "darc", "jean-luc"], ["arc", "jeanluc"]),
        ("长城贸易", ["长城", "城贸", "贸", "长城贸易"], ["长贸", "长城公司"]),
        ("长城贸易", ["changcheng", "zhangcheng", "maoyi", "ChangCheng MaoYi"], ["chengchang", "angcheng"]),
        ("王小明", ["王", "小明", "wangxiaoming", "xiaoming wang", "xiaom", "wang"], ["明小", "iaoming"]),
        ("北京 Trading 有限公司", ["trad", "北京trading", "有限", "beijing youxian", "京"], ["京有"]),
        ("ﾀﾅｶ ひろし", ["タナカ", "ひろ", "tanaka hiroshi", "ナカ"], ["カタ"]),
        ("김민준", ["민준", "김", "gim", "minjun"], ["준김"]),
        ("Владимир Щукин", ["владимир", "vladimir", "shchuk"], ["ladimir"]),
        ("Müller & Söhne", ["muller", "MÜLLER söhne", "sohne"], ["mueller"]),
        ("Llanfairpwllgwyngyll", ["llanfairpwllgwyngyll", "llanfairpwllg"], ["llanfairpwlx"]),
        ("24h Shop", ["24h", "24", "shop 24h"], ["4h"]),
    ],
)  # fmt: skip
async def test_names_of_all_scripts(house: House, name: str, found_by: list[str], not_by: list[str]) -> None:
    somebody = await known(house, "pos:1", name=name)
    await known(house, "pos:2", name="Lê Lợi")
    assert [q for q in found_by if await search(house, q) != [somebody]] == []
    assert [q for q in not_by if await search(house, q) != []] == []


async def test_numbers_of_another_country_are_found_as_they_are_written_there(house: House) -> None:
    american = await known(house, "pos:1", phones=["+1 415 555 2671"])
    for q in ("+1 (415) 555-2671", "4155552671", "(415) 555-2671", "001 415 555 2671", "1415555"):
        assert await search(house, q) == [american], q
    odd = await known(house, "pos:2", phones=["ext. 12345"])
    assert await search(house, "12345") == [odd]


async def test_an_id_is_found_too(house: House) -> None:
    one, other = await known(house, "pos:1", name="An"), await known(house, "pos:2", name="An")
    assert await search(house, other.upper()) == [other]
    await merge(house, one, other)
    assert await search(house, f"an {other}") == [one]


async def test_what_changed_is_found_by_what_it_is_now(house: House) -> None:
    lan = await known(house, "pos:1", name="Lan", phones=["0912345678"], owner="minh")
    await house.post("/v1/customers/upsert", {"ref": "pos:1", "name": "Mai", "phones": None, "owner": "hoa"}, 200)
    assert [await search(house, q) for q in ("lan", "0912345678", "mai")] == [[], [], [lan]]
    assert [await search(house, owner=owner) for owner in ("minh", "hoa")] == [[], [lan]]


async def test_a_merged_person_is_found_by_either_record_once_and_undone_apart(house: House) -> None:
    one = await known(house, "pos:1", name="Giang", phones=["0912345678"], owner="lan")
    other = await known(house, "pos:2", name="Bình", emails=["b@example.com"], department="shop")
    third = await known(house, "pos:3", name="Giang Bình")
    made = await merge(house, one, other)
    for q in ("giang", "binh", "0912345678 b@example.com", "pos:1 pos:2"):
        assert one in await search(house, q), q
        assert other not in await search(house, q), q
    assert await search(house, "giang binh") == [third, one] or await search(house, "giang binh") == [one, third]
    assert await search(house, owner="lan", department="shop") == [one]
    shown = (await house.post_read("/v1/customers/search", {"q": "pos:2"}))["items"]
    assert shown == [await house.get(f"/v1/customers/{one}")]
    # what is said of the merged id later is found, too; and a chain of merges is one person
    await house.post("/v1/customers/upsert", {"ref": "pos:2", "name": "Châu"}, 200)
    await merge(house, third, one)
    assert await search(house, "chau 0912345678") == [third]
    assert await search(house, "b@example.com") == [third]
    await undo(house, made)
    assert await search(house, "chau") == [other]
    assert await search(house, "b@example.com") == [other]
    assert await search(house, "0912345678") == [third]


async def test_who_is_forgotten_leaves_no_token(house: House) -> None:
    await known(house, "pos:2", name="Bình")
    await house.follow()
    before = await kept(house)
    one, other = await known(house, "pos:1", **DO), await known(house, "pos:3", name="Đỗ Thị", phones=["0912345678"])
    await merge(house, one, other)
    assert await search(house, "do") == [one]
    await house.post(f"/v1/customers/{other}/erasure", {"reason": "request"}, 202)
    assert await search(house, "do") == []
    assert await kept(house) == before


async def test_a_rebuild_finds_the_same(house: House) -> None:
    ids = [await known(house, f"pos:{n}", name=f"Nguyễn {n}") for n in range(5)]
    await merge(house, ids[0], ids[1])
    before, rows = await search(house, "nguyen", limit=2), await kept(house)
    await house.platform.database.create(consuming)
    await rebuild(house.platform.database, house.definition.views(house.platform))
    assert await kept(house) == (0, 0)
    house.seen.clear()
    assert (await search(house, "nguyen", limit=2), await kept(house)) == (before, rows)
    assert set(before) == {ids[0], *ids[2:]}


async def test_filters(house: House) -> None:
    a = await known(house, "pos:a", name="An", owner="lan", department="shop", source="fair", paying=True)
    b = await known(house, "pos:b", name="An Bình", owner="minh", paying=False, credit_grade="B+")
    c = (await house.post("/v1/customers", {"kind": "internal", "name": "Châu", "owner": "lan"}))["id"]
    await house.post(f"/v1/customers/{a}/purchases", {"order": "o", "amount": TEN})
    await house.post(f"/v1/customers/{b}/loss", {"reason": "moved"})
    everybody = {a, b, c}
    wanted: list[tuple[dict[str, Any], set[str]]] = [
        ({}, everybody), ({"q": ""}, everybody), ({"q": " \t"}, everybody), ({"kind": "internal"}, {c}),
        ({"kind": ["internal", "external"]}, everybody), ({"stage": "active"}, {a, c}), ({"stage": "lost"}, {b}),
        ({"stage": ["lost", "active"], "kind": "external"}, {a, b}), ({"owner": "lan"}, {a, c}),
        ({"owner": "la"}, set()), ({"owner": None}, set()), ({"department": None}, {b, c}),
        ({"department": [None, "shop"]}, everybody),
        ({"source": "fair"}, {a}), ({"paying": True}, {a}), ({"paying": False}, {b}), ({"paying": None}, {c}),
        ({"credit_grade": "B+"}, {b}), ({"value_class": "A"}, set()), ({"value_class": None}, everybody),
        ({"q": "an", "owner": "lan"}, {a}), ({"q": "an", "owner": ["lan", "minh"], "paying": False}, {b}),
    ]  # fmt: skip
    for asked, found in wanted:
        assert set(await search(house, **asked)) == found, asked
    await house.post(f"/v1/customers/{b}/win-back", {"approach": "call", "by": "lan", "outcome": "back"})
    assert [await search(house, stage=stage) for stage in ("won_back", "lost")] == [[b], []]
    assert set(await search(house, stage=["active", "won_back"])) == everybody


async def test_pages_in_any_order_stay_where_they_are(house: House) -> None:
    ids = []
    for n in range(12):
        ids.append(await known(house, f"pos:{n}", name=f"Nguyễn {n}", stage="active" if n % 3 else "prospect"))
        house.clock.advance(timedelta(seconds=1))
    newest = await search(house, "nguyen", limit=5)
    assert newest == ids[::-1]
    assert await search(house, "nguyen", limit=1, sort="created") == newest[::-1]
    by_stage = await search(house, "nguyen", limit=2, sort="stage")
    prospects = [i for i in newest if i in ids[::3]]
    assert by_stage == [*prospects, *(i for i in newest if i not in prospects)]
    assert await search(house, sort="value_class", limit=5) == newest
    first = await house.post_read("/v1/customers/search", {"q": "nguyen", "limit": 5})
    last = await known(house, "pos:new", name="Nguyễn")
    await house.post(f"/v1/customers/{newest[7]}/erasure", {"reason": "request"}, 202)
    await house.follow()
    rest = await house.post_read("/v1/customers/search", {"q": "nguyen", "limit": 50, "cursor": first["next_cursor"]})
    assert [i["id"] for i in rest["items"] if i["id"] != last] == [i for i in newest[5:] if i != newest[7]]
    other = {"q": "nguyen 1", "cursor": first["next_cursor"]}
    await house.refused("/v1/customers/search", other, 422, "bad_cursor", "/cursor")
    await house.refused("/v1/customers/search", {"cursor": "x"}, 422, "bad_cursor", "/cursor")


async def test_how_many_is_told_when_asked_for(house: House) -> None:
    for n in range(7):
        await known(house, f"pos:{n}", name="Lê Lan")
    await house.follow()
    told = await house.post_read("/v1/customers/search", {"q": "le la", "limit": 2, "total": True})
    assert (len(told["items"]), told["total"], told["total_exact"]) == (2, 7, True)
    told = await house.post_read("/v1/customers/search", {"q": "le la x", "total": True})
    assert (told["items"], told["total"]) == ([], 0)
    assert "total" not in await house.post_read("/v1/customers/search", {"q": "le"})


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"q": "a" * 501}, "too_long", "/q"),
        ({"q": "a" * 331}, "word_too_long", "/q"),
        ({"q": " ".join(f"w{n}" for n in range(33))}, "too_many_words", "/q"),
        ({"q": 5}, "wrong_type", "/q"),
        ({"q": "a\x00"}, "nul_character", ""),
        ({"stage": "asleep"}, "not_allowed", "/stage"),
        ({"owner": []}, "too_short", "/owner"),
        ({"sort": "name"}, "not_allowed", "/sort"),
        ({"limit": 0}, "out_of_range", "/limit"),
        ({"limit": 201}, "out_of_range", "/limit"),
        ({"name": "An"}, "unknown_member", ""),
    ],
)
async def test_what_cannot_be_asked_is_told(house: House, body: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused("/v1/customers/search", body, 422, code, pointer)


async def test_a_reference_that_stands_in_no_record_is_found(house: House) -> None:
    await house.publish("customer.recorded", {"kind": "external", "name": "An"}, "pos:heard")
    await house.publish("customer.purchased", {"order": "o", "amount": TEN}, "pos:bought")
    heard = (await house.post_read("/v1/customers/resolve", {"customers": ["pos:heard", "pos:bought"]}))["items"]
    assert [await search(house, ref) for ref in ("pos:heard", "pos:bought")] == [[item["id"]] for item in heard]
    await house.post(f"/v1/customers/{heard[0]['id']}/erasure", {"reason": "request"}, 202)
    assert await search(house, "pos:heard") == []
    house.clock.advance(timedelta(seconds=1))
    await house.publish("customer.recorded", {"kind": "external", "name": "Bình"}, "pos:heard")
    back = (await house.post_read("/v1/customers/resolve", {"customers": ["pos:heard"]}))["items"][0]["id"]
    assert back != heard[0]["id"]
    assert await search(house, "pos:heard binh") == [back]


async def test_custom_fields_filter_once_they_are_declared(house: House) -> None:
    choices = [{"code": code, "label": {"en": code}} for code in ("gold", "tin")]
    kinds = {"size": "number", "member": "boolean", "since": "date", "note": "text", "cards": "choices"}
    for key, kind in kinds.items():
        more = {"choices": choices} if kind == "choices" else {}
        await house.post("/v1/customers/fields", {"key": key, "type": kind, "label": {"en": key}, **more})
    values = {"size": 42, "member": True, "since": "2020-01-01", "note": "a, b", "cards": ["gold", "tin"]}
    a = await known(house, "pos:a", name="An", custom=values)
    b = await known(house, "pos:b", name="An", custom={"size": 40.5, "cards": ["tin"]})
    wanted: list[tuple[dict[str, Any], set[str]]] = [
        ({"size": 42}, {a}), ({"size": 42.0}, {a}), ({"size": [40.5, 42]}, {a, b}), ({"size": 41}, set()),
        ({"member": True}, {a}), ({"member": False}, set()), ({"since": "2020-01-01"}, {a}), ({"note": "a, b"}, {a}),
        ({"cards": "tin"}, {a, b}), ({"cards": "gold", "size": 42}, {a}), ({"cards": ["gold", "tin"]}, {a, b}),
    ]  # fmt: skip
    for asked, found in wanted:
        assert set(await search(house, "an", custom=asked)) == found, asked
    await house.post("/v1/customers/upsert", {"ref": "pos:a", "custom": {"cards": None}}, 200)
    assert await search(house, custom={"cards": ["gold", "tin"]}) == [b]
    await house.refused("/v1/customers/search", {"custom": {"shoes": 1}}, 422, "unknown_field", "/custom")
    await house.refused("/v1/customers/search", {"custom": {"size": {}}}, 422, "wrong_type", "/custom")


async def test_a_company_is_found_by_the_people_there(house: House) -> None:
    company = await known(house, "pos:1", name="长城贸易")
    lan = await known(house, "pos:2", name="Lan", phones=["0912345678"])
    seen = (await house.http.get(f"/v1/customers/{company}")).headers["etag"]
    told = {"kind": "person", "value": "Lan Ngọc", "phone": "0912 345 678", "email": "Lan@Example.com"}
    added = await house.http.post(f"/v1/customers/{company}/contacts", json=told, headers={"If-Match": seen})
    assert added.status_code == 201, added.text
    for q in ("ngoc", "lan@example.com", "贸易 lan 0912345678"):
        assert await search(house, q) == [company], q
    assert set(await search(house, "+84 (0)912 345 678")) == {company, lan}
    # and yet nobody takes the two for one
    assert (await house.get(f"/v1/customers/{lan}/duplicates"))["items"] == []
