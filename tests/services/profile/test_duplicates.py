"""Who may be the same person, in whatever spelling, and without plaintext in the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from services.profile.domain.duplicates import score
from services.profile.projections.search import searched
from services.profile.search.likeness import e164, folded, folded_email
from services.profile.settings import WEIGHTS
from tests.services.house import House
from tests.services.profile.test_merges import known, merge, undo


async def found(house: House, customer: str) -> dict[str, Any]:
    await house.follow()
    items = (await house.get(f"/v1/customers/{customer}/duplicates"))["items"]
    assert [i["score"] for i in items] == sorted((i["score"] for i in items), reverse=True)
    return {item["id"]: item["reasons"] for item in items}


async def test_the_same_person_in_other_spellings(house: House) -> None:
    a = await known(
        house, "pos:a", name="Nguyễn Thị Đỗ", phones=["+84 90 123 45 67"], emails=["Do@Example.com"],
        birthday="1990-04-30", addresses=["12 Lý Thường Kiệt, Hà Nội"],
    )  # fmt: skip
    phone = await known(house, "pos:phone", phones=["090-123-4567"])
    email = await known(house, "pos:email", emails=["do@example.COM"], phones=["(090) 1234567"])
    named = await known(house, "pos:named", name="thi do nguyen", birthday="1990-04-30")
    place = await known(house, "pos:place", name="NGUYEN THI DO", addresses=["12 ly thuong kiet ha noi"])
    await known(house, "pos:other", name="Nguyễn Thị Đỗ", birthday="1991-04-30", phones=["090 123 45 68"])
    await known(house, "pos:bare")
    assert await found(house, a) == {
        email: ["email", "phone"], named: ["name_and_birthday"], place: ["name_and_address"], phone: ["phone"],
    }  # fmt: skip
    assert await found(house, phone) == {a: ["phone"], email: ["phone"]}
    # one person is one candidate, and none of their own
    made = await merge(house, email, phone)
    assert await found(house, a) == {
        email: ["email", "phone"], named: ["name_and_birthday"], place: ["name_and_address"],
    }  # fmt: skip
    assert await found(house, phone) == {a: ["email", "phone"]}
    await undo(house, made)
    items = (await house.get(f"/v1/customers/{phone}/duplicates"))["items"]
    assert {item["id"]: item["parted"] for item in items} == {a: False, email: True}
    # what changed or was forgotten is not found any more
    await house.post("/v1/customers/upsert", {"ref": "pos:named", "birthday": None}, 200)
    await house.post(f"/v1/customers/{place}/erasure", {"reason": "request"}, 202)
    assert (await found(house, a)).keys() == {email, phone}
    async with house.platform.database.read() as reader:
        rows = (await reader.conn.execute(select(searched.c.subject))).scalars().all()
    assert place not in rows


async def test_what_everybody_has_in_common_tells_nobody_apart(house: House) -> None:
    some = [await known(house, f"pos:{n}", phones=["+84 24 3825 0000"]) for n in range(52)]
    assert await found(house, some[0]) == {}


async def test_who_is_not_there_has_no_duplicates(house: House) -> None:
    nobody = "0d1b4c3e-1111-8222-8333-444455556666"
    assert (await house.http.get(f"/v1/customers/{nobody}/duplicates")).status_code == 404
    assert (await house.http.get("/v1/customers/pos:a/duplicates")).status_code == 422


async def test_what_cannot_be_right_is_kept_and_flagged(house: House) -> None:
    told = {"phones": ["+84 90 123 45 67", "ring the bell"], "emails": ["lan at home", "lan@example.com"]}
    a = await known(house, "pos:a", **told)
    shown = await house.get(f"/v1/customers/{a}")
    assert {name: shown[name] for name in told} == told
    assert shown["flags"] == [
        {"pointer": "/phones/1", "code": "bad_phone"}, {"pointer": "/emails/0", "code": "bad_email"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "want"),
    [("+84 90 123 45 67", "+84901234567"), ("0901234567", "+84901234567"), ("0084901234567", "+84901234567"),
     ("+1 (212) 555-0123", "+12125550123"), ("call me", None), ("12", None), ("", None)],
)  # fmt: skip
def test_phones(phone: str, want: str | None) -> None:
    assert e164(phone, "VN") == want


def test_folding() -> None:
    assert folded("Nguyễn Thị Đỗ") == ["nguyen", "thi", "do"]
    assert folded("O'Brien-Smith") == ["obrien", "smith"]
    assert folded("长城贸易") == folded("长城贸易")
    assert folded_email("Lan@EXAMPLE.com") == "lan@example.com"
    assert folded_email("nobody") is None


def test_more_in_common_is_likelier() -> None:
    assert score([], WEIGHTS) == 0
    assert score(["phone"], WEIGHTS) == 0.6
    assert score(["phone", "email"], WEIGHTS) == 0.88
    assert score(["phone", "unheard of"], WEIGHTS) == 0.6
