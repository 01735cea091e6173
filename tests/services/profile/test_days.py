"""Days that cannot be are refused with what is wrong, whichever way they come."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.house import House

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"birthday": "2026-03-15"}, "in_future", "/birthday"),
    ({"birthday": "2062-01-01"}, "in_future", "/birthday"),
    ({"birthday": "0001-01-01"}, "too_early", "/birthday"),
    ({"special_dates": [{"occasion": "x", "on": "2020-01-01"}, {"occasion": "y", "on": "2062-01-01"}]}, "in_future",
     "/special_dates/1/on"),
    ({"special_dates": [{"occasion": "x", "on": "0090-05-17"}]}, "too_early", "/special_dates/0/on"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "pointer"), WRONG)
async def test_what_cannot_be_is_refused(house: House, wrong: dict[str, Any], code: str, pointer: str) -> None:
    await house.refused("/v1/customers", {"kind": "external", **wrong}, 422, code, pointer)
    await house.refused("/v1/customers/upsert", {"ref": "pos:1", **wrong}, 422, code, pointer)
    made = await house.post("/v1/customers/upsert", {"ref": "pos:1", "birthday": "1990-05-17"})
    path = f"/v1/customers/{made['id']}"
    answer = await house.http.patch(path, json=wrong, headers={"If-Match": "*"})
    assert (answer.status_code, [p["pointer"] for p in answer.json()["invalid_params"]]) == (422, [pointer])
    bulk = {"items": [{"ref": "pos:2", **wrong}, {"ref": "pos:3"}]}
    results = (await house.post_read("/v1/customers/bulk", bulk))["results"]
    assert [each["status"] for each in results] == ["invalid", "appended"]
    (verdict,) = (await house.publish("customer.recorded", {"ref": "pos:1", **wrong})).verdicts
    assert verdict.status == "invalid", "which the inbox keeps in quarantine"
    assert (await house.get(path))["birthday"] == "1990-05-17"


async def test_today_is_a_birthday_and_a_wedding_may_be_to_come(house: House) -> None:
    wedding = {"occasion": "wedding", "on": "2027-06-01"}
    told = {"kind": "external", "birthday": "2026-03-13", "special_dates": [wedding]}
    made = await house.post("/v1/customers", told)
    assert (made["birthday"], made["special_dates"]) == (told["birthday"], told["special_dates"])
    cleared = {"birthday": None, "special_dates": None}
    answer = await house.http.patch(f"/v1/customers/{made['id']}", json=cleared, headers={"If-Match": "*"})
    assert answer.status_code == 200
